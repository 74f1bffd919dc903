import { applyFault, type FaultEffect } from '../../common/faults.js'
import type { SimResponse } from '../../common/http-server.js'

/** A fault with what this stand-in knows besides: a connection that stays open and is never answered. */
export type DynamicsFault = FaultEffect & {
  /** Never answer; with `execute` the work is done first. It ends when the caller goes. */
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
  // Nothing keeps the process alive for it: no timer, only the caller's open connection.
  return new Promise<SimResponse>(() => undefined)
}
