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
  /** Whether names are in English; otherwise they are in all their languages. */
  readonly english: boolean
  /** Suffix of dates: empty, unless the caller asked for a zone. */
  readonly zoneSuffix: string
  /** Seconds by which a time in a filter is ahead of the stamps. */
  readonly filterAheadSeconds: number
}

/** Query parameters of a call that accepts only these; 400 otherwise. */
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

/** The ids in a body that is an array of them; 415 and 400 otherwise. */
export function idsIn(call: ApiCall): readonly number[] {
  const value = bodyOf(call)
  if (!Array.isArray(value) || !value.every((id) => Number.isInteger(id))) {
    throw badRequest('The request is invalid.')
  }
  return value as readonly number[]
}

/** Content of a body; undefined if it is not JSON, 415 if its type is another. */
export function bodyOf(call: ApiCall): unknown {
  if (!/^application\/json(;|$)/i.test(call.request.headers['content-type'] ?? '')) {
    throw new ServiceError(415, 'UnsupportedMediaType', 'The body must be application/json')
  }
  try {
    return JSON.parse(call.request.body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** The JSON object of a body, with lower-case names, because the server ignores case. 415 and 400 otherwise. */
export function jsonBody(call: ApiCall): Readonly<Record<string, unknown>> {
  return fieldsOf(bodyOf(call))
}

/** A JSON object's fields, by lower-case name; 400 if the value is not an object. */
export function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badRequest('The request is invalid.')
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [name.toLowerCase(), field]),
  )
}
