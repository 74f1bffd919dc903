import type { SimResponse } from '../../common/http-server.js'
import { noSuchSegment, ServiceError, wrongMethod } from '../errors.js'
import type { ApiRequest } from '../http/api-request.js'
import type { Context } from '../organisation.js'
import { requireNamed } from '../privileges.js'
import { routeColumns, routeKeys, routeTableRelationships } from './part-routes.js'
import { routeRelationships } from './relationship-routes.js'
import { routeTable, routeTables, tableByKey } from './table-routes.js'

/** Whether a path belongs to the definitions rather than to rows. */
export function isMetadataPath(name: string): boolean {
  return name === 'EntityDefinitions' || name === 'RelationshipDefinitions'
}

/** Requests on definitions; PATCH is never allowed here (wire page, section 9.5). */
export function routeMetadata(
  context: Context,
  request: ApiRequest,
): SimResponse | Promise<SimResponse> {
  if (request.method === 'PATCH') {
    throw wrongMethod('PATCH')
  }
  const [first, second] = request.segments
  if (first?.name === 'RelationshipDefinitions') {
    requireNamed(context, 'prvReadRelationship')
    return routeRelationships(context, request)
  }
  requireNamed(context, 'prvReadEntity')
  if (first?.argument === undefined) {
    return routeTables(context, request)
  }
  const table = tableByKey(context, first.argument)
  switch (second?.name) {
    case undefined:
      return routeTable(context, table, request)
    case 'Attributes':
      return routeColumns(context, table, request)
    case 'Keys':
      return routeKeys(context, table, request)
    case 'ManyToOneRelationships':
    case 'OneToManyRelationships':
      return routeTableRelationships(context, table, second?.name ?? '', request)
    default:
      throw second?.name.startsWith('Microsoft.') === true
        ? new ServiceError(404, '0x80060888', 'Unknown cast.')
        : noSuchSegment(second?.name ?? '')
  }
}
