import { randomUUID } from 'node:crypto'
import { json, type SimResponse } from '../../common/http-server.js'
import type { Segment } from '../data/resource-path.js'
import { ServiceError } from '../errors.js'
import { parseUrlQuery, type UrlQuery } from '../odata/url-query.js'
import { parsePrefer, type Preferences } from './prefer.js'

/** One request to the Web API, by itself or as part of a batch. */
export interface ApiRequest {
  readonly method: string
  /** Path below the API root, still encoded: `contacts(…)`. */
  readonly path: string
  readonly segments: readonly Segment[]
  readonly rawQuery: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly prefer: Preferences
  /** Inside a change set: no reads, no metadata. */
  readonly inChangeSet: boolean
}

/** The query of a request, parsed and checked. */
export function queryOf(request: ApiRequest): UrlQuery {
  return parseUrlQuery(request.rawQuery)
}

export function preferOf(headers: Readonly<Record<string, string>>): Preferences {
  return parsePrefer(headers['prefer'])
}

/** 204 with the address of the row or definition, if there is one. */
export function noContent(entityUrl?: string): SimResponse {
  return {
    status: 204,
    headers: {
      'OData-Version': '4.0',
      ...(entityUrl === undefined ? {} : { 'OData-EntityId': entityUrl, Location: entityUrl }),
    },
  }
}

/** An answer with an OData body and status 200, or another one. */
export function odata(
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): SimResponse {
  return json(status, value, {
    'Content-Type': 'application/json; odata.metadata=minimal',
    'OData-Version': '4.0',
    ...headers,
  })
}

/** A refusal as an answer, with the ids for support. Any other error is a 500. */
export function errorResponse(error: unknown): SimResponse {
  const refusal =
    error instanceof ServiceError
      ? error
      : new ServiceError(
          500,
          '0x80040216',
          `An unexpected error occurred. ${String(error instanceof Error ? error.stack : error)}`,
        )
  return odata({ error: { code: refusal.code, message: refusal.message } }, refusal.status, {
    REQ_ID: randomUUID(),
    ...refusal.headers,
  })
}
