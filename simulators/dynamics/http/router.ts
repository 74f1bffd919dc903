import type { SimResponse } from '../../common/http-server.js'
import { requireByKey } from '../data/resource-path.js'
import { noSuchSegment, ServiceError } from '../errors.js'
import { isMetadataPath, routeMetadata } from '../metadata/routes.js'
import type { Context } from '../organisation.js'
import { requireOnTable } from '../privileges.js'
import { odata, type ApiRequest } from './api-request.js'
import { callOperation, type OperationCatalog } from './operations.js'
import { routeRow, routeSet } from './row-routes.js'

const NAMESPACE = 'Microsoft.Dynamics.CRM.'

/** Routes and runs a request; refusals are thrown as `ServiceError`. */
export function route(
  context: Context,
  catalog: OperationCatalog,
  request: ApiRequest,
): SimResponse | Promise<SimResponse> {
  const [first, second] = request.segments
  if (first === undefined) {
    return serviceDocument(context)
  }
  if (isMetadataPath(first.name)) {
    return routeMetadata(context, notInChangeSet(request))
  }
  const operation = catalog.get(first.name)
  if (operation !== undefined) {
    return callOperation(operation, context, request, first.argument)
  }
  const table = context.org.store.tableBySet(first.name)
  if (table === undefined || !context.org.sees(context, table)) {
    throw noSuchSegment(first.name)
  }
  if (second?.name.startsWith(NAMESPACE) === true) {
    const name = `${table.logicalName}.${second.name.slice(NAMESPACE.length)}`
    const bound = catalog.get(name)
    if (bound !== undefined) {
      requireOnTable(context, 'Read', table)
      const row =
        first.argument === undefined ? {} : { row: requireByKey(context, table, first.argument) }
      return callOperation(bound, context, request, second.argument, { table, ...row })
    }
  }
  return first.argument === undefined
    ? routeSet(context, table, request)
    : routeRow(context, table, first.argument, request)
}

function notInChangeSet(request: ApiRequest): ApiRequest {
  if (request.inChangeSet) {
    throw new ServiceError(400, '0x80060888', 'Metadata requests are not allowed in a change set.')
  }
  return request
}

function serviceDocument(context: Context): SimResponse {
  const sets = [...context.org.store.tables.values()].filter((t) => context.org.sees(context, t))
  return odata({
    '@odata.context': `${context.root}$metadata`,
    value: sets.map((t) => ({ name: t.entitySet, kind: 'EntitySet', url: t.entitySet })),
  })
}
