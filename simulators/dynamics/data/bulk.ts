import { badPayload, duplicateKey, noSuchSegment, ServiceError } from '../errors.js'
import type { Context } from '../organisation.js'
import { requireOnTable } from '../privileges.js'
import type { Json, JsonObject, Row, Table } from '../store/schema.js'
import { parseRowBody } from './parse-body.js'
import { findByKey, parsePath, type KeyTarget } from './resource-path.js'
import { createRow, updateRow } from './write-row.js'

/** The bulk messages of a table (wire page, sections 8.4 and 16.6). */
export type BulkMessage = 'CreateMultiple' | 'UpdateMultiple' | 'UpsertMultiple'

/** Runs a bulk message as one transaction; any error leaves nothing written. Returns the ids, in order. */
export function runBulk(
  context: Context,
  table: Table,
  message: BulkMessage,
  body: JsonObject,
): readonly string[] {
  if (!isAvailable(context, table, message)) {
    throw noSuchSegment(`Microsoft.Dynamics.CRM.${message}`)
  }
  const targets = readTargets(table, body)
  return context.org.store.transaction(() => {
    switch (message) {
      case 'CreateMultiple':
        return targets.map((target) => createOne(context, table, target).id)
      case 'UpdateMultiple':
        return updateAll(context, table, targets)
      case 'UpsertMultiple':
        return upsertAll(context, table, targets)
    }
  })
}

function isAvailable(context: Context, table: Table, message: BulkMessage): boolean {
  const { store } = context.org
  const filters = store.rows('sdkmessagefilter')
  for (const row of filters.all()) {
    const { sdkmessageid, primaryobjecttypecode } = row.values
    if (primaryobjecttypecode === table.logicalName && typeof sdkmessageid === 'string') {
      if (store.rows('sdkmessage').get(sdkmessageid)?.values['name'] === message) {
        return true
      }
    }
  }
  return false
}

function readTargets(table: Table, body: JsonObject): readonly JsonObject[] {
  const targets = body['Targets']
  if (!Array.isArray(targets) || targets.length === 0 || Object.keys(body).length !== 1) {
    throw badPayload(
      table.entitySet,
      "Microsoft.OData.ODataException: The parameter 'Targets' is needed.",
    )
  }
  return targets.map((target) => {
    if (typeof target !== 'object' || target === null || Array.isArray(target)) {
      throw badPayload(table.entitySet, 'Microsoft.OData.ODataException: Each target is an object.')
    }
    if (target['@odata.type'] === undefined) {
      throw badPayload(
        table.entitySet,
        "Microsoft.OData.ODataException: A type named 'Microsoft.Dynamics.CRM.crmbaseentity' could not be resolved: every target needs '@odata.type'.",
      )
    }
    return target
  })
}

function createOne(context: Context, table: Table, target: JsonObject): Row {
  requireOnTable(context, 'Create', table)
  const { id, values } = parseRowBody(context, table, target)
  return createRow(context, table, id, values)
}

function updateAll(
  context: Context,
  table: Table,
  targets: readonly JsonObject[],
): readonly string[] {
  requireOnTable(context, 'Write', table)
  const found = targets.map((target) => ({ target, key: keyOf(context, table, target) }))
  const lost = found.filter(({ key }) => key.row === undefined)
  if (lost.length > 0) {
    const ids = lost.map(({ key }) => key.id ?? JSON.stringify(key.values)).join(', ')
    throw new ServiceError(404, '0x80040217', `${table.schemaName} With Ids = ${ids} Do Not Exist`)
  }
  const seen = new Set<Row>()
  return found.map(({ target, key }) => {
    const row = key.row
    if (row === undefined || seen.has(row)) {
      throw duplicateTarget()
    }
    seen.add(row)
    updateRow(context, table, row, bodyOf(context, table, target))
    return row.id
  })
}

function upsertAll(
  context: Context,
  table: Table,
  targets: readonly JsonObject[],
): readonly string[] {
  requireOnTable(context, 'Create', table)
  requireOnTable(context, 'Write', table)
  const seen = new Set<Row>()
  const created = new Set<Row>()
  return targets.map((target) => {
    const key = keyOf(context, table, target)
    if (key.row !== undefined) {
      if (seen.has(key.row)) {
        throw created.has(key.row) ? duplicateKey() : duplicateTarget()
      }
      seen.add(key.row)
      const values = bodyOf(context, table, target)
      Object.keys(key.values ?? {}).forEach((column) => delete values[column])
      updateRow(context, table, key.row, values)
      return key.row.id
    }
    const values = bodyOf(context, table, target)
    if (Object.keys(key.values ?? {}).some((column) => column in values)) {
      throw new ServiceError(400, '0x80040216', 'An unexpected error occurred.')
    }
    const row = createRow(context, table, key.id, { ...key.values, ...values })
    seen.add(row)
    created.add(row)
    return row.id
  })
}

function bodyOf(context: Context, table: Table, target: JsonObject): Record<string, Json> {
  return parseRowBody(context, table, target).values
}

/** A target is found by `@odata.id` (id or alternate key) or by its primary key column. */
function keyOf(context: Context, table: Table, target: JsonObject): KeyTarget {
  const reference = target['@odata.id']
  if (typeof reference === 'string') {
    const [segment] = parsePath(reference.replace(context.root, '').replace(/^\//, ''))
    if (segment?.name !== table.entitySet || segment.argument === undefined) {
      throw badPayload(
        table.entitySet,
        "Microsoft.OData.ODataException: '@odata.id' is not a row of this set.",
      )
    }
    return findByKey(context, table, segment.argument)
  }
  const id = target[table.primaryId]
  if (typeof id !== 'string') {
    throw badPayload(
      table.entitySet,
      `Microsoft.Crm.CrmException: Each target needs '${table.primaryId}' or '@odata.id'.`,
    )
  }
  return findByKey(context, table, id)
}

function duplicateTarget(): ServiceError {
  return new ServiceError(
    400,
    '0x80040237',
    'The same record occurs more than once in the Targets parameter.',
  )
}
