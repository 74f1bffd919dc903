import type { SimRequest, SimResponse } from '../../common/http-server.js'
import { ApiError, notFound } from '../http/api-error.js'
import type { Account } from '../model/account.js'
import type { World } from '../world.js'
import { accountRoutes } from './account-routes.js'
import { audienceRoutes } from './audience-routes.js'
import { changeRoutes } from './change-routes.js'
import { publicContactRoutes } from './public-contact-routes.js'
import type { Route } from './route.js'
import { stateRoutes } from './state-routes.js'
import { webhookRoutes } from './webhook-routes.js'
import { writeRoutes } from './write-routes.js'

const SYNC_ROUTES: readonly Route[] = [
  ...accountRoutes,
  ...changeRoutes,
  ...stateRoutes,
  ...writeRoutes,
  ...audienceRoutes,
  ...webhookRoutes,
]
const SYNC_BASE = /^\/sync-internal\/v1\/accounts\/([^/]+)(\/.*)?$/
const PUBLIC_BASE = /^\/contacts-api(\/.*)$/

/** Facts of the request, for the counters. */
export interface Served {
  operation: string
  accountId: string | null
}

/** Serves both layers: key, layer, account, rate, path, method, then the operation. */
export async function serve(
  world: World,
  request: SimRequest,
  served: Served,
): Promise<SimResponse> {
  const sync = SYNC_BASE.exec(request.path)
  const open = PUBLIC_BASE.exec(request.path)
  const key = request.headers['x-api-key'] ?? ''
  const owner = [...world.accounts.values()].find((it) => it.publicApiKey === key)
  const limited = [...world.accounts.values()].find((it) => it.serviceKey === key)
  const isService = key !== '' && (key === world.serviceKey || limited !== undefined)
  if (!isService && owner === undefined) {
    throw new ApiError(401, 'invalid_api_key', 'the key is missing or wrong')
  }
  if (sync !== null) {
    const account = world.accounts.get(decode(sync[1]!))
    served.accountId = account?.accountId ?? null
    if (!isService || (limited !== undefined && limited !== account)) {
      throw new ApiError(403, 'forbidden', 'the key is not for this layer or account')
    }
    if (account === undefined) {
      throw notFound('account')
    }
    return await route(world, account, request, SYNC_ROUTES, sync[2] ?? '/', served, () =>
      world.syncLimiter.take(account.accountId),
    )
  }
  if (open === null) {
    throw notFound('path')
  }
  if (owner === undefined) {
    throw new ApiError(403, 'forbidden', 'the key is not for this layer')
  }
  served.accountId = owner.accountId
  return await route(world, owner, request, publicContactRoutes, open[1]!, served, () =>
    world.publicLimiter.take(key),
  )
}

async function route(
  world: World,
  account: Account,
  request: SimRequest,
  routes: readonly Route[],
  path: string,
  served: Served,
  takeToken: () => void,
): Promise<SimResponse> {
  const here = routes.filter((it) => it.pattern.test(path))
  const found = here.find((it) => it.method === request.method)
  served.operation = found?.operation ?? served.operation
  takeToken()
  if (here.length === 0) {
    throw notFound('path')
  }
  if (found === undefined) {
    throw new ApiError(405, 'method_not_allowed', 'no such method here', [], {
      Allow: here.map((it) => it.method).join(', '),
    })
  }
  const parts = (found.pattern.exec(path) ?? []).slice(1).map(decode)
  return await found.handle({ world, account, request, parts })
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw notFound('path')
  }
}
