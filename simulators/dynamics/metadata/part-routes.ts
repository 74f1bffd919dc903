import type { SimResponse } from '../../common/http-server.js'
import { namedArguments } from '../data/resource-path.js'
import { badQuery, noSuchSegment, ServiceError, wrongMethod } from '../errors.js'
import { odata, queryOf, type ApiRequest } from '../http/api-request.js'
import { parseLiteral } from '../odata/literal.js'
import type { Context } from '../organisation.js'
import type { AlternateKey, Column, JsonObject, Table } from '../store/schema.js'
import { deleteColumn, replaceColumn } from './change-definitions.js'
import { readColumn } from './create-column.js'
import {
  attributeTypeName,
  describeColumn,
  describeKey,
  describeRelationship,
  optionSetOf,
} from './describe.js'
import { countKeyRead, createKey } from './keys.js'
import { filterDefinitions, refusePaging, selectProperties } from './query-definitions.js'
import { COMPONENT, forgetComponents } from './solution-header.js'
import { columnsChanged, mergesLabels, writeDefinition } from './write.js'

const NAMESPACE = 'Microsoft.Dynamics.CRM.'

/** `…/Attributes`: list, create, read one (with a cast), rename, delete. */
export function routeColumns(
  context: Context,
  table: Table,
  request: ApiRequest,
): SimResponse | Promise<SimResponse> {
  const [, segment, cast] = request.segments
  if (segment?.argument === undefined) {
    return columnList(context, table, request, segment === undefined ? undefined : cast?.name)
  }
  const column = columnByKey(context, table, segment.argument)
  switch (request.method) {
    case 'GET':
      return oneColumn(context, table, column, request, cast?.name)
    case 'PUT':
      return writeDefinition(context, request, 'replaceColumn', (body) => {
        replaceColumn(context, column, body, mergesLabels(request))
        return undefined
      })
    case 'DELETE':
      return writeDefinition(context, request, 'deleteColumn', () => {
        deleteColumn(context, table, column)
        columnsChanged(context, table)
        return undefined
      })
    default:
      throw wrongMethod(request.method)
  }
}

function columnList(
  context: Context,
  table: Table,
  request: ApiRequest,
  cast: string | undefined,
): SimResponse | Promise<SimResponse> {
  if (request.method === 'POST') {
    return writeDefinition(context, request, 'createColumn', (body) => {
      const column = readColumn(context, table, body)
      table.columns.set(column.logicalName, column)
      columnsChanged(context, table)
      const path = `EntityDefinitions(LogicalName='${table.logicalName}')/Attributes(${column.metadataId})`
      return {
        path,
        componentType: COMPONENT.attribute,
        id: column.metadataId,
        tableId: table.metadataId,
      }
    })
  }
  if (request.method !== 'GET') {
    throw wrongMethod(request.method)
  }
  const query = queryOf(request)
  refusePaging(query)
  const all = [...table.columns.values()]
    .filter((column) => context.org.sees(context, column))
    .filter((column) => cast === undefined || cast === NAMESPACE + attributeTypeName(column))
    .map((column) => describeColumn(table, column, cast !== undefined))
  const [sample = {}] = all
  const value = filterDefinitions(all, sample, query).map((one) => selectProperties(one, query))
  return odata({ value })
}

function columnByKey(context: Context, table: Table, key: string): Column {
  const name = namedArguments(key).get('LogicalName')
  const wanted = name === undefined ? undefined : parseLiteral(name).value
  const column = [...table.columns.values()].find(
    (one) => one.metadataId === key.toLowerCase() || one.logicalName === wanted,
  )
  if (column === undefined || !context.org.sees(context, column)) {
    throw new ServiceError(
      404,
      '0x80060888',
      `Could not find an attribute with specified key: ${key}`,
    )
  }
  return column
}

function oneColumn(
  context: Context,
  table: Table,
  column: Column,
  request: ApiRequest,
  cast: string | undefined,
): SimResponse {
  if (cast !== undefined && cast !== NAMESPACE + attributeTypeName(column)) {
    throw new ServiceError(404, '0x80060888', `The attribute is no ${cast}.`)
  }
  const query = queryOf(request)
  const expand = query.options.get('$expand')
  const options: JsonObject = {}
  if (expand !== undefined) {
    if (!/^OptionSet\b/.test(expand) || cast === undefined) {
      throw badQuery(`Could not find a property named '${expand}' on the attribute.`)
    }
    options['OptionSet'] = optionSetOf(column)
  }
  const definition = describeColumn(table, column, cast !== undefined)
  return odata({
    '@odata.context': `${context.root}$metadata#EntityDefinitions('${table.logicalName}')/Attributes/$entity`,
    ...selectProperties(definition, query),
    ...options,
  })
}

/** `…/Keys`: list (each answer counts as a reading of the status), create, read one, delete. */
export function routeKeys(
  context: Context,
  table: Table,
  request: ApiRequest,
): SimResponse | Promise<SimResponse> {
  const argument = request.segments[1]?.argument
  if (request.method === 'POST' && argument === undefined) {
    return writeDefinition(context, request, 'createKey', (body) => {
      const key = createKey(context, table, body)
      const path = `EntityDefinitions(LogicalName='${table.logicalName}')/Keys(${key.metadataId})`
      return { path, componentType: COMPONENT.key, id: key.metadataId, tableId: table.metadataId }
    })
  }
  const query = queryOf(request)
  const answer = (key: AlternateKey): JsonObject => {
    const out = selectProperties(describeKey(table, key), query)
    countKeyRead(context, table, key)
    return out
  }
  if (argument === undefined && request.method === 'GET') {
    refusePaging(query)
    return odata({ value: [...table.keys.values()].map(answer) })
  }
  const name = String(namedArguments(argument ?? '').get('LogicalName') ?? '').replaceAll("'", '')
  const key = [...table.keys.values()].find(
    (one) => one.metadataId === argument || one.logicalName === name,
  )
  if (key === undefined) {
    throw noSuchSegment(`Keys(${argument})`)
  }
  if (request.method === 'GET') {
    return odata(answer(key))
  }
  if (request.method !== 'DELETE') {
    throw wrongMethod(request.method)
  }
  return writeDefinition(context, request, 'deleteKey', () => {
    forgetComponents(context.org, [key.metadataId])
    table.keys.delete(key.logicalName)
    return undefined
  })
}

/** `…/ManyToOneRelationships` and `…/OneToManyRelationships`: read only. */
export function routeTableRelationships(
  context: Context,
  table: Table,
  side: string,
  request: ApiRequest,
): SimResponse {
  if (request.method !== 'GET') {
    throw wrongMethod(request.method)
  }
  const query = queryOf(request)
  refusePaging(query)
  const all = [...context.org.store.relationships.values()]
  const [first] = all
  const mine = all
    .filter(
      (one) =>
        (side === 'ManyToOneRelationships' ? one.referencing : one.referenced) ===
        table.logicalName,
    )
    .map((one) => describeRelationship(one, true))
  const sample = first === undefined ? {} : describeRelationship(first, true)
  return odata({
    value: filterDefinitions(mine, sample, query).map((one) => selectProperties(one, query)),
  })
}
