import type { SimResponse } from '../../common/http-server.js'
import { runBulk, type BulkMessage } from '../data/bulk.js'
import {
  columnByProperty,
  lookupByNavigation,
  propertyNames,
  selectColumns,
} from '../data/columns.js'
import { countDelta, readTracked } from '../data/delta.js'
import { collectionByNavigation, parseExpand } from '../data/expand.js'
import { parseJsonObject } from '../data/parse-body.js'
import { countCollection, readCollection, type CollectionRequest } from '../data/read-collection.js'
import { requireByKey } from '../data/resource-path.js'
import { patchRow, postRow, removeRow } from '../data/row-requests.js'
import { writeRow } from '../data/serialize.js'
import { badPayload, badQuery, noSuchRow, noSuchSegment, wrongMethod } from '../errors.js'
import { addRowToSolution, solutionOf } from '../metadata/solution-header.js'
import type { Context } from '../organisation.js'
import { requireOnTable } from '../privileges.js'
import { etagOf, type Row, type Table } from '../store/schema.js'
import { noContent, odata, queryOf, type ApiRequest } from './api-request.js'

const BULK = /^Microsoft\.Dynamics\.CRM\.(CreateMultiple|UpdateMultiple|UpsertMultiple)$/

/** Requests on a set of rows: `contacts`, `contacts/$count`, `contacts/Microsoft.Dynamics.CRM.UpdateMultiple`. */
export function routeSet(context: Context, table: Table, request: ApiRequest): SimResponse {
  const second = request.segments[1]
  const bulk = BULK.exec(second?.name ?? '')?.[1] as BulkMessage | undefined
  if (bulk !== undefined) {
    return bulkAnswer(context, table, bulk, request)
  }
  if (second?.name === '$count' && request.method === 'GET') {
    return count(context, table, request)
  }
  if (second !== undefined) {
    throw noSuchSegment(second.name)
  }
  switch (request.method) {
    case 'GET':
      return read(context, table, request)
    case 'POST': {
      const solution = solutionOf(context, request.headers)
      const row = postRow(context, table, bodyOf(table, request))
      addRowToSolution(context, solution, table, row)
      return written(context, table, row, request, 201)
    }
    default:
      throw wrongMethod(request.method)
  }
}

/** Requests on one row: `contacts(<key>)` and paths below it. */
export function routeRow(
  context: Context,
  table: Table,
  key: string,
  request: ApiRequest,
): SimResponse {
  const navigation = request.segments[1]?.name
  if (navigation !== undefined) {
    return request.method === 'PUT' || request.method === 'DELETE'
      ? changeProperty(context, table, key, navigation, request)
      : navigate(context, table, key, navigation, request)
  }
  const { headers } = request
  const conditions = {
    ...(headers['if-match'] === undefined ? {} : { ifMatch: headers['if-match'] }),
    ...(headers['if-none-match'] === undefined ? {} : { ifNoneMatch: headers['if-none-match'] }),
  }
  switch (request.method) {
    case 'GET':
      return single(context, table, requireReadable(context, table, key), request)
    case 'PATCH': {
      const body = bodyOf(table, request)
      const solution = solutionOf(context, headers)
      const { row, created } = patchRow(context, table, key, body, conditions)
      addRowToSolution(context, solution, table, row)
      return written(context, table, row, request, created ? 201 : 200)
    }
    case 'DELETE':
      removeRow(context, table, key, conditions)
      return noContent()
    default:
      throw wrongMethod(request.method)
  }
}

/** One property of a row: `PUT …/donotbulkemail {"value":true}`, or DELETE, which empties it. Never creates a row. */
function changeProperty(
  context: Context,
  table: Table,
  key: string,
  name: string,
  request: ApiRequest,
): SimResponse {
  const column = columnByProperty(context, table, name)
  if (column.type === 'Lookup') {
    throw wrongMethod(request.method)
  }
  const { value } = request.method === 'PUT' ? bodyOf(table, request) : { value: null }
  if (value === undefined) {
    throw badPayload(table.entitySet, `The property '${name}' needs a value.`)
  }
  patchRow(context, table, key, { [name]: value }, { ifMatch: request.headers['if-match'] ?? '*' })
  return noContent()
}

function requireReadable(context: Context, table: Table, key: string): Row {
  requireOnTable(context, 'Read', table)
  const row = requireByKey(context, table, key)
  if (context.org.rules.get(table.logicalName)?.hidden?.(row, context.org.clock.now()) === true) {
    throw noSuchRow(table.logicalName, row.id)
  }
  return row
}

function bodyOf(table: Table, request: ApiRequest): ReturnType<typeof parseJsonObject> {
  if (request.body === '') {
    throw badPayload(table.entitySet, 'System.ArgumentException: Stream was not readable.')
  }
  return parseJsonObject(table.entitySet, request.body)
}

function read(context: Context, table: Table, request: ApiRequest): SimResponse {
  const { options } = queryOf(request)
  const tracked =
    request.prefer.trackChanges ||
    options.has('$deltatoken') ||
    /istracking="True"/.test(options.get('$skiptoken') ?? '')
  const collection: CollectionRequest = { ...request, table }
  return tracked
    ? odata(readTracked(context, collection), 200, {
        'Preference-Applied': 'odata.track-changes',
      })
    : odata(readCollection(context, collection))
}

function count(context: Context, table: Table, request: ApiRequest): SimResponse {
  const collection = { ...request, table }
  const number = queryOf(request).options.has('$deltatoken')
    ? countDelta(context, collection)
    : countCollection(context, collection)
  return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: String(number) }
}

function single(context: Context, table: Table, row: Row, request: ApiRequest): SimResponse {
  const etag = etagOf(row)
  if (request.headers['if-none-match'] === etag && !request.prefer.annotations) {
    return { status: 304, headers: { ETag: etag } }
  }
  const { options } = queryOf(request)
  for (const option of ['$filter', '$orderby', '$top', '$count']) {
    if (options.has(option)) {
      throw badQuery(`Query option '${option}' cannot be applied to a single record.`)
    }
  }
  const columns = selectColumns(context, table, options.get('$select'))
  const expanders = parseExpand(context, table, options.get('$expand'))
  const out = writeRow(context, table, row, columns, request.prefer.annotations)
  expanders.forEach((expand) => expand(row, out))
  const name = `${context.root}$metadata#${table.entitySet}(${propertyNames(columns)})/$entity`
  return odata({ '@odata.context': name, ...out }, 200, { ETag: etag })
}

function written(
  context: Context,
  table: Table,
  row: Row,
  request: ApiRequest,
  representationStatus: number,
): SimResponse {
  const url = `${context.root}${table.entitySet}(${row.id})`
  if (!request.prefer.returnRepresentation) {
    return noContent(url)
  }
  requireOnTable(context, 'Read', table)
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => name !== 'if-none-match'),
  )
  const answer = single(context, table, row, { ...request, headers })
  return {
    ...answer,
    status: representationStatus,
    headers: {
      ...answer.headers,
      'Preference-Applied': 'return=representation',
      ...(representationStatus === 201 ? { 'OData-EntityId': url, Location: url } : {}),
    },
  }
}

function navigate(
  context: Context,
  table: Table,
  key: string,
  navigation: string,
  request: ApiRequest,
): SimResponse {
  if (request.method !== 'GET') {
    throw wrongMethod(request.method)
  }
  const row = requireReadable(context, table, key)
  const relationship = collectionByNavigation(context, table, navigation)
  if (relationship !== undefined) {
    const child = context.org.store.table(relationship.referencing)
    const within = { column: relationship.referencingColumn, id: row.id }
    return odata(readCollection(context, { ...request, table: child, within }))
  }
  const lookup = lookupByNavigation(table, navigation)
  if (lookup?.target === undefined) {
    throw noSuchSegment(navigation)
  }
  const parentId = row.values[lookup.logicalName]
  const target = context.org.store.table(lookup.target)
  const parent =
    typeof parentId === 'string' ? context.org.store.rows(target).get(parentId) : undefined
  return parent === undefined ? noContent() : single(context, target, parent, request)
}

function bulkAnswer(
  context: Context,
  table: Table,
  message: BulkMessage,
  request: ApiRequest,
): SimResponse {
  if (request.method !== 'POST') {
    throw wrongMethod(request.method)
  }
  const ids = runBulk(context, table, message, bodyOf(table, request))
  const type = `${context.root}$metadata#Microsoft.Dynamics.CRM.CreateMultipleResponse`
  return message === 'CreateMultiple' ? odata({ '@odata.context': type, Ids: ids }) : noContent()
}
