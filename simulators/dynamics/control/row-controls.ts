import { json, type SimResponse } from '../../common/http-server.js'
import { mergeRows } from '../data/merge.js'
import { createRow, deleteRow, updateRow } from '../data/write-row.js'
import { noSuchRow, ServiceError } from '../errors.js'
import type { Json, JsonObject, Row, Table } from '../store/schema.js'
import { seedRow } from '../store/seed-row.js'
import { actingAs, type ControlCall, type ControlRoute } from './control-call.js'

/** `rows/<table>[/<id>]`: read and change any row as a person of the CRM; lookups by logical name and id. */
export const rowControls: ControlRoute = (call) => {
  const [head, tableName, id] = call.segments
  if (head === 'merge' && call.method === 'POST') {
    return merge(call)
  }
  if (head !== 'rows' || tableName === undefined) {
    return undefined
  }
  const table = call.targets.org.store.tables.get(tableName)
  if (table === undefined) {
    throw new ServiceError(404, 'noTable', `There is no table ${tableName}.`)
  }
  if (id === 'bulk' && call.method === 'POST') {
    return insertMany(call, table)
  }
  if (id === undefined) {
    return call.method === 'POST' ? create(call, table) : dump(call, table)
  }
  return oneRow(call, table, findRow(call, table, id))
}

function oneRow(call: ControlCall, table: Table, row: Row): SimResponse {
  switch (call.method) {
    case 'PATCH':
      updateRow(actingAs(call), table, row, valuesOf(call, table))
      return json(200, plainRow(table, row))
    case 'DELETE':
      deleteRow(actingAs(call), table, row)
      return json(200, { deleted: row.id })
    default:
      return json(200, plainRow(table, row))
  }
}

function create(call: ControlCall, table: Table): SimResponse {
  const values = valuesOf(call, table)
  const id = typeof call.body['id'] === 'string' ? call.body['id'] : undefined
  const row = createRow(actingAs(call), table, id, values)
  return json(201, plainRow(table, row))
}

/** Inserts many rows without events, as data that is older than the product. */
function insertMany(call: ControlCall, table: Table): SimResponse {
  const { org } = call.targets
  const rows = Array.isArray(call.body['rows']) ? (call.body['rows'] as JsonObject[]) : []
  const ids = rows.map((given) => {
    const { id, ...values } = given
    const rowId = typeof id === 'string' ? id : crypto.randomUUID()
    return seedRow(org, table.logicalName, rowId, checkColumns(table, values)).id
  })
  return json(201, { ids })
}

/** All rows: pages by `after` and `limit` (default 10,000), or everything as `format=ndjson`. */
function dump(call: ControlCall, table: Table): SimResponse {
  const rows = call.targets.org.store.rows(table)
  if (call.query.get('format') === 'ndjson') {
    const lines: string[] = []
    for (const row of rows.after(0)) {
      lines.push(JSON.stringify(plainRow(table, row)))
    }
    return {
      status: 200,
      headers: { 'Content-Type': 'application/x-ndjson' },
      body: lines.length === 0 ? '' : `${lines.join('\n')}\n`,
    }
  }
  const limit = Number(call.query.get('limit') ?? 10_000)
  const page: Row[] = []
  for (const row of rows.after(Number(call.query.get('after') ?? 0))) {
    if (page.length === limit) {
      break
    }
    page.push(row)
  }
  const next = page.length === limit ? (page.at(-1)?.seq ?? null) : null
  return json(200, { total: rows.size, rows: page.map((row) => plainRow(table, row)), next })
}

function merge(call: ControlCall): SimResponse {
  const table = call.targets.org.store.table('contact')
  const master = findRow(call, table, String(call.body['master']))
  const loser = findRow(call, table, String(call.body['loser']))
  mergeRows(actingAs(call), master, loser, valuesOf(call, table))
  return json(200, { master: plainRow(table, master), loser: plainRow(table, loser) })
}

function findRow(call: ControlCall, table: Table, id: string): Row {
  const row = call.targets.org.store.rows(table).get(id.toLowerCase())
  if (row === undefined) {
    throw noSuchRow(table.logicalName, id)
  }
  return row
}

function valuesOf(call: ControlCall, table: Table): Record<string, Json> {
  const { values } = call.body
  const given =
    typeof values === 'object' && values !== null && !Array.isArray(values) ? values : {}
  return checkColumns(table, given)
}

function checkColumns(table: Table, given: JsonObject): Record<string, Json> {
  for (const name of Object.keys(given)) {
    if (!table.columns.has(name)) {
      throw new ServiceError(400, 'noColumn', `${table.logicalName} has no column ${name}.`)
    }
  }
  return given
}

/** A row with its raw values; times are ms since 1970. */
export function plainRow(table: Table, row: Row): JsonObject {
  return {
    id: row.id,
    version: row.version,
    ...Object.fromEntries([...table.columns.keys()].map((name) => [name, null])),
    ...row.values,
    [table.primaryId]: row.id,
    versionnumber: row.version,
    ...(row.draft === undefined ? {} : { draft: row.draft }),
  }
}
