import type { SimResponse } from '../../shared/http-server.js'
import { noSuchSegment } from '../errors.js'
import type { ApiRequest } from '../http/api-request.js'
import type { Context } from '../organisation.js'

const SEGMENTS = new Set(['EntityDefinitions', 'RelationshipDefinitions'])

/** Whether a path belongs to the definitions rather than to rows. */
export function isMetadataPath(name: string): boolean {
  return SEGMENTS.has(name)
}

export async function routeMetadata(_context: Context, request: ApiRequest): Promise<SimResponse> {
  throw noSuchSegment(request.path)
}
