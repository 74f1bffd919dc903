import { badRequest, ServiceError } from '../errors.js'
import type { SimRequest } from '../../common/http-server.js'
import type { Installation } from '../installation.js'

/** One signed-in request to the Web API. */
export interface ApiCall {
  readonly world: Installation
  readonly request: SimRequest
  /** Captured parts of the path, decoded. */
  readonly parts: readonly string[]
  readonly associateId: number
  /** Whether names are wanted in English; else they come with all their languages. */
  readonly english: boolean
  /** Put after dates: empty, unless the caller asked for a zone. */
  readonly zoneSuffix: string
  /** Seconds that a time in a filter is ahead of the stamps that it is compared with. */
  readonly filterAheadSeconds: number
}

/** Query parameters of a call that takes these and no others; 400 otherwise. */
export function parameters(call: ApiCall, allowed: readonly string[]): ReadonlyMap<string, string> {
  const given = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(call.request.rawQuery)) {
    if (!allowed.includes(name) || given.has(name)) {
      throw badRequest(`Parameter '${name}' is unknown or given twice`)
    }
    given.set(name, value)
  }
  return given
}

/** The JSON object of a body, with names in lower case: the server reads them in any case. 415 and 400 otherwise. */
export function jsonBody(call: ApiCall): Readonly<Record<string, unknown>> {
  if (!/^application\/json(;|$)/i.test(call.request.headers['content-type'] ?? '')) {
    throw new ServiceError(415, 'UnsupportedMediaType', 'The body must be application/json')
  }
  let value: unknown
  try {
    value = JSON.parse(call.request.body.toString('utf8'))
  } catch {
    value = undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('The request is invalid.')
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]),
  )
}
