import type { SimResponse } from '../../common/http-server.js'
import { badQuery, ServiceError, wrongMethod } from '../errors.js'
import { odata, queryOf, type ApiRequest } from '../http/api-request.js'
import { isGuid, parseLiteral } from '../odata/literal.js'
import { splitOutside } from '../odata/split.js'
import { parseUrlQuery, type UrlQuery } from '../odata/url-query.js'
import { namedArguments } from '../data/resource-path.js'
import type { Context } from '../organisation.js'
import type { JsonObject, Table } from '../store/schema.js'
import { deleteTable, replaceTable } from './change-definitions.js'
import { createTable } from './create-table.js'
import { describeColumn, describeKey, describeTable } from './describe.js'
import { countKeyRead } from './keys.js'
import { filterDefinitions, refusePaging, selectProperties } from './query-definitions.js'
import { COMPONENT } from './solution-header.js'
import { mergesLabels, writeDefinition } from './write.js'

/** The table of `EntityDefinitions(<guid>)` or `(LogicalName='x')`; 0x80040217 if absent. */
export function tableByKey(context: Context, key: string): Table {
  const { tables } = context.org.store
  const name = namedArguments(key).get('LogicalName')
  const wanted = name === undefined ? undefined : parseLiteral(name).value
  const table = isGuid(key)
    ? [...tables.values()].find((one) => one.metadataId === key.toLowerCase())
    : tables.get(String(wanted))
  if (table === undefined || !context.org.sees(context, table)) {
    throw new ServiceError(
      context.org.options.absentDefinitionStatus,
      '0x80040217',
      `Could not find an entity with name ${String(wanted)} and id 00000000-0000-0000-0000-000000000000.`,
    )
  }
  return table
}

/** `EntityDefinitions`: list and create. */
export function routeTables(
  context: Context,
  request: ApiRequest,
): SimResponse | Promise<SimResponse> {
  if (request.method === 'POST') {
    return writeDefinition(context, request, 'createTable', (body) => {
      const table = createTable(context, body)
      const path = `EntityDefinitions(${table.metadataId})`
      return { path, componentType: COMPONENT.entity, id: table.metadataId }
    })
  }
  if (request.method !== 'GET') {
    throw wrongMethod(request.method)
  }
  const query = queryOf(request)
  refusePaging(query)
  const visible = [...context.org.store.tables.values()].filter((t) => context.org.sees(context, t))
  const sample = describeTable(context.org.store.table('contact'))
  const byName = new Map(visible.map((table) => [table.logicalName, table]))
  const value = filterDefinitions(visible.map(describeTable), sample, query).map((definition) => {
    const table = byName.get(String(definition['LogicalName']))
    return {
      ...selectProperties(definition, query),
      ...(table === undefined ? {} : expanded(context, table, query)),
    }
  })
  return odata({ '@odata.context': `${context.root}$metadata#EntityDefinitions`, value })
}

/** `EntityDefinitions(<key>)`: read, replace, delete. */
export function routeTable(
  context: Context,
  table: Table,
  request: ApiRequest,
): SimResponse | Promise<SimResponse> {
  switch (request.method) {
    case 'GET': {
      const query = queryOf(request)
      refusePaging(query)
      return odata({
        '@odata.context': `${context.root}$metadata#EntityDefinitions/$entity`,
        ...selectProperties(describeTable(table), query),
        ...expanded(context, table, query),
      })
    }
    case 'PUT':
      return writeDefinition(context, request, 'replaceTable', (body) => {
        replaceTable(context, table, body, mergesLabels(request))
        return undefined
      })
    case 'DELETE':
      return writeDefinition(context, request, 'deleteTable', () => {
        deleteTable(context, table)
        return undefined
      })
    default:
      throw wrongMethod(request.method)
  }
}

/** `$expand=Attributes($select=…;$filter=…),Keys`. */
function expanded(context: Context, table: Table, query: UrlQuery): JsonObject {
  const text = query.options.get('$expand')
  const out: JsonObject = {}
  for (const part of text === undefined ? [] : splitOutside(text, ',')) {
    const found = /^\s*(Attributes|Keys)(?:\(([^]*)\))?\s*$/.exec(part)
    if (found === null) {
      throw badQuery(
        `Could not find a property named '${part}' on type 'Microsoft.Dynamics.CRM.EntityMetadata'.`,
      )
    }
    const inner = parseUrlQuery(
      splitOutside(found[2] ?? '', ';')
        .map((option) =>
          option.replace(/=([^]*)$/, (_all, value: string) => `=${encodeURIComponent(value)}`),
        )
        .join('&'),
    )
    out[found[1] ?? ''] = found[1] === 'Keys' ? keys(context, table, inner) : columns(table, inner)
  }
  return out
}

function columns(table: Table, query: UrlQuery): JsonObject[] {
  const all = [...table.columns.values()].map((column) => describeColumn(table, column, false))
  const [sample = {}] = all
  return filterDefinitions(all, sample, query).map((one) => selectProperties(one, query))
}

function keys(context: Context, table: Table, query: UrlQuery): JsonObject[] {
  return [...table.keys.values()].map((key) => {
    const answer = selectProperties(describeKey(table, key), query)
    countKeyRead(context, table, key)
    return answer
  })
}
