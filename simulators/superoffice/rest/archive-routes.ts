import { json, type SimResponse } from '../../common/http-server.js'
import { readArchive } from '../archive/archive.js'
import { badRequest, ServiceError } from '../errors.js'
import type { ApiCall } from '../server/api-call.js'
import type { Route } from './route.js'

/** Archives by query string or, if the server is new enough, by form. */
export const archiveRoutes: readonly Route[] = [
  {
    operation: 'archive',
    method: 'GET',
    pattern: /^Archive\/([^/]+)$/,
    handle: (call) => answer(call, call.parts[0] ?? '', call.request.rawQuery),
  },
  {
    operation: 'archive',
    method: 'GET',
    pattern: /^Person$/,
    handle: (call) => answer(call, 'Person', call.request.rawQuery),
  },
  {
    operation: 'archivePost',
    method: 'POST',
    pattern: /^Archive\/([^/]+)$/,
    handle: (call) => answer(call, call.parts[0] ?? '', form(call)),
  },
]

/** Refuses a query with this installation's status for it. */
function answer(call: ApiCall, provider: string, encoded: string): SimResponse {
  try {
    return json(200, readArchive(call, provider, encoded))
  } catch (error) {
    throw error instanceof ServiceError && error.status === 400
      ? new ServiceError(call.world.switches.refusedQuery, error.type, error.message)
      : error
  }
}

function form(call: ApiCall): string {
  if (!call.world.switches.archivePost) {
    throw new ServiceError(405, 'NotSupported', 'The method is not allowed')
  }
  const type = call.request.headers['content-type'] ?? ''
  if (!/^application\/x-www-form-urlencoded(;|$)/i.test(type)) {
    throw new ServiceError(415, 'UnsupportedMediaType', 'The body must be form-encoded')
  }
  if (call.request.rawQuery !== '') {
    throw badRequest('A posted archive takes its options in the body')
  }
  return call.request.body.toString('utf8')
}
