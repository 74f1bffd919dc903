import { applyFault } from '../common/faults.js'
import { listen, type SimRequest, type SimResponse } from '../common/http-server.js'
import { type Served, serve } from './api/serve.js'
import { control } from './control/control.js'
import { ApiError } from './http/api-error.js'
import type { EmarketeerOptions } from './options.js'
import { World } from './world.js'

/** A running stand-in of eMarketeer. */
export interface RunningEmarketeer {
  /** Base of both layers: `EMARKETEER_SYNC_URL` and `EMARKETEER_CONNECT_URL`. */
  readonly url: string
  readonly controlUrl: string
  /** For tests in the same process; others use the control API. */
  readonly world: World
  close(): Promise<void>
}

/** Starts the stand-in on 127.0.0.1 (docs/simulators.md, eMarketeer). */
export async function startEmarketeer(options: EmarketeerOptions = {}): Promise<RunningEmarketeer> {
  const world = new World(options)
  const server = await listen(options.port ?? 0, async (request) => {
    if (request.path.startsWith('/__control')) {
      return control(world, request)
    }
    const served: Served = { operation: '(none)', accountId: null }
    const response = await applyFault(world.faults.pick(request), () =>
      answer(world, request, served),
    )
    world.counts.count(served.operation, served.accountId, response.status)
    const common = {
      Date: new Date(world.clock.now()).toUTCString(),
      'X-Request-Id': world.nextRequestId(),
    }
    return { ...response, headers: { ...common, ...response.headers } }
  })
  return {
    url: server.url,
    controlUrl: `${server.url}/__control`,
    world,
    close: async () => {
      world.sender.close()
      await server.close()
    },
  }
}

async function answer(world: World, request: SimRequest, served: Served): Promise<SimResponse> {
  const requestId = world.nextRequestId()
  let response: SimResponse
  try {
    response = await serve(world, request, served)
  } catch (error) {
    const known =
      error instanceof ApiError ? error : new ApiError(500, 'internal', 'something broke')
    response = known.response(requestId)
  }
  return { ...response, headers: { 'X-Request-Id': requestId, ...response.headers } }
}
