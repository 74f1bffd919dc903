import { applyFault, type FaultEffect } from '../../common/faults.js'
import type { SimResponse } from '../../common/http-server.js'

/** A fault with one more effect: a connection that stays open without an answer. */
export type DynamicsFault = FaultEffect & {
  /** Never answers; with `execute` it does the work first. Ends when the caller disconnects. */
  readonly hang?: boolean
}

/** As {@link applyFault}, with `hang`. */
export async function applyDynamicsFault(
  effect: DynamicsFault | undefined,
  work: () => SimResponse | Promise<SimResponse>,
): Promise<SimResponse> {
  if (effect?.hang !== true) {
    return applyFault(effect, work)
  }
  if (effect.execute === true) {
    await work()
  }
  // No timer keeps the process alive, only the caller's open connection.
  return new Promise<SimResponse>(() => undefined)
}
