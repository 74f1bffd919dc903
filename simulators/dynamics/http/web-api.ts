import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { applyFault, type FaultBoard } from '../../common/faults.js'
import type { SimRequest, SimResponse } from '../../common/http-server.js'
import { runBatch } from '../batch/run-batch.js'
import { parsePath } from '../data/resource-path.js'
import type { TokenBook } from '../entra/token-book.js'
import { ServiceError } from '../errors.js'
import type { Context, Organisation } from '../organisation.js'
import { errorResponse, preferOf, type ApiRequest } from './api-request.js'
import { checkRequest } from './check-headers.js'
import type { OperationCatalog } from './operations.js'
import { route } from './router.js'
import type { ServiceProtection } from './service-protection.js'

export const API_PATH = '/api/data/v9.2/'

export interface WebApi {
  readonly org: Organisation
  readonly url: string
  readonly tokens: TokenBook
  readonly protection: ServiceProtection
  readonly faults: FaultBoard
  readonly catalog: OperationCatalog
}

/** Answers one request, checking sign-in, limits and form first (wire page, sections 2 to 4). */
export async function answerApi(api: WebApi, request: SimRequest): Promise<SimResponse> {
  const userId = identify(api, request)
  if (typeof userId !== 'string') {
    return userId
  }
  let response: SimResponse
  try {
    response = await api.protection.run(userId, () => dispatch(api, userId, request))
  } catch (error) {
    response = errorResponse(error)
  }
  return {
    ...response,
    headers: {
      'x-ms-service-request-id': randomUUID(),
      'x-ms-ratelimit-burst-remaining-xrm-requests': String(api.protection.remaining(userId)),
      'x-ms-dop-hint': '8',
      'Set-Cookie': 'ARRAffinity=1; path=/; HttpOnly',
      ...response.headers,
    },
  }
}

function identify(api: WebApi, request: SimRequest): string | SimResponse {
  const token = api.tokens.check(request.headers['authorization'], api.org.clock.now())
  if (token === undefined) {
    const tenant = api.org.options.tenantId
    return {
      status: 401,
      headers: {
        'WWW-Authenticate': `Bearer authorization_uri=https://login.microsoftonline.com/${tenant}/oauth2/authorize, resource_id=${api.url}/`,
      },
    }
  }
  const userId = api.org.applicationUsers.get(token.app.clientId)
  if (userId === undefined) {
    return errorResponse(
      new ServiceError(403, '0x80072560', 'The user is not a member of the organization.'),
    )
  }
  const user = api.org.store.rows('systemuser').get(userId)
  return user?.values['isdisabled'] === true
    ? errorResponse(new ServiceError(403, '0x80040225', 'The specified user is disabled.'))
    : userId
}

async function dispatch(api: WebApi, userId: string, request: SimRequest): Promise<SimResponse> {
  const path = request.path.slice(API_PATH.length)
  const isBatch = path === '$batch' || path === '%24batch'
  checkRequest(request, isBatch)
  if (api.org.options.latencyMs > 0) {
    await sleep(api.org.options.latencyMs)
  }
  const context: Context = {
    org: api.org,
    userId,
    checked: true,
    strong: request.headers['consistency']?.toLowerCase() === 'strong',
    root: `${api.url}${API_PATH}`,
  }
  const whole: ApiRequest = {
    method: request.method,
    path,
    segments: isBatch ? [] : parsePath(path),
    rawQuery: request.rawQuery,
    headers: request.headers,
    body: request.body.toString('utf8'),
    prefer: preferOf(request.headers),
    inChangeSet: false,
  }
  if (!isBatch) {
    const waitMs = request.method === 'GET' ? 0 : api.org.pace.rowWriteMs(path.split('(')[0] ?? '')
    if (waitMs > 0) {
      await sleep(waitMs)
    }
    return route(context, api.catalog, whole)
  }
  if (request.method !== 'POST') {
    throw new ServiceError(405, '0x80060888', 'A batch is a POST.')
  }
  return runBatch(context, whole, (part) => runPart(api, context, part))
}

/** Applies faults of scope `part`. Without one the part stays synchronous, because change sets need that. */
function runPart(
  api: WebApi,
  context: Context,
  part: ApiRequest,
): SimResponse | Promise<SimResponse> {
  const asRequest: SimRequest = {
    method: part.method,
    path: part.path,
    rawQuery: part.rawQuery,
    headers: part.headers,
    body: Buffer.from(part.body),
  }
  const effect = api.faults.pick(asRequest, 'part')
  if (effect !== undefined && part.inChangeSet) {
    throw new ServiceError(effect.status ?? 500, '0x80040216', 'An unexpected error occurred.')
  }
  return effect === undefined
    ? route(context, api.catalog, part)
    : applyFault(effect, () => route(context, api.catalog, part))
}
