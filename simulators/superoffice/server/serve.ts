import { applyFault } from '../../common/faults.js'
import { json, type SimRequest, type SimResponse } from '../../common/http-server.js'
import type { Installation } from '../installation.js'

/**
 * Serves and counts one request, under the fault switches and the limit of concurrent requests. The answer's Date is
 * the installation's own time.
 */
export async function serve(
  world: Installation,
  request: SimRequest,
  operation: string,
  nowMs: number,
  work: () => SimResponse | Promise<SimResponse>,
): Promise<SimResponse> {
  const running = world.counts.begin()
  let status = 500
  try {
    const { maxConcurrent } = world.switches
    const response =
      maxConcurrent > 0 && running > maxConcurrent
        ? json(429, { Message: 'Too many requests' }, { 'Retry-After': '1' })
        : await applyFault(world.faults.pick(request), work)
    status = response.status
    return { ...response, headers: { Date: new Date(nowMs).toUTCString(), ...response.headers } }
  } finally {
    world.counts.end(operation, status)
  }
}
