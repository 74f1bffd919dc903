import { randomUUID } from 'node:crypto'
import { badPayload, duplicateEntityKey, duplicateKey, ServiceError } from '../errors.js'
import type { Context } from '../organisation.js'
import type { Json, Row, Table } from '../store/schema.js'
import type { RowEvent } from '../store/store.js'
import { requireMaySet } from './column-security.js'

/** Creates a row with defaults and service columns. An id in use is 412 0x80040237, a key value in use 0x80060892. */
export function createRow(
  context: Context,
  table: Table,
  id: string | undefined,
  sent: Readonly<Record<string, Json>>,
): Row {
  const { org } = context
  const nowMs = org.clock.now()
  const values: Record<string, Json> = {}
  for (const column of table.columns.values()) {
    if (column.defaultValue !== undefined) {
      values[column.logicalName] = column.defaultValue
    }
  }
  requireMaySet(context, table, Object.keys(sent), 'create')
  assign(values, sent)
  values['createdon'] = nowMs
  values['modifiedon'] = nowMs
  values['createdby'] = context.userId
  values['modifiedby'] = context.userId
  const rowId = id ?? randomUUID()
  if (org.store.rows(table).get(rowId) !== undefined) {
    throw duplicateKey()
  }
  org.rules.get(table.logicalName)?.beforeCreate?.(context, values)
  checkState(table, values)
  checkKeys(context, table, values, undefined)
  return org.store.transaction(() => {
    const row = org.store.insert(table, rowId, values)
    emit(context, 'Create', table, row, sent, {}, values)
    return row
  })
}

/** Changes a row. Equal values still make a new version and an event (wire page, section 8.1). */
export function updateRow(
  context: Context,
  table: Table,
  row: Row,
  sent: Readonly<Record<string, Json>>,
  action: RowEvent['action'] = 'plain',
): void {
  const { org } = context
  requireMaySet(context, table, Object.keys(sent), 'update')
  const before = row.values
  const values: Record<string, Json> = { ...before }
  const live: Record<string, Json> = {}
  const draft: Record<string, Json> = { ...row.draft }
  for (const [name, value] of Object.entries(sent)) {
    const drafted = table.columns.get(name)?.drafted === true
    const layer = drafted ? draft : live
    layer[name] = value
  }
  assign(values, live)
  values['modifiedon'] = org.clock.now()
  values['modifiedby'] = context.userId
  org.rules.get(table.logicalName)?.beforeUpdate?.(context, row, sent, values)
  if ('statecode' in sent || 'statuscode' in sent) {
    completeState(table, sent, values)
  }
  checkState(table, values)
  checkKeys(context, table, values, row)
  org.store.transaction(() => {
    org.store.update(table, row, values)
    if (Object.keys(draft).length > 0) {
      row.draft = draft
    }
    emit(context, 'Update', table, row, sent, before, values, action)
  })
}

/** Deletes a row and its dependants; a Restrict relationship with children is 405 0x80040227. */
export function deleteRow(
  context: Context,
  table: Table,
  row: Row,
  action: RowEvent['action'] = 'plain',
): void {
  const { store, rules } = context.org
  rules.get(table.logicalName)?.beforeDelete?.(context, row)
  store.transaction(() => {
    for (const relationship of store.childrenOf(table)) {
      const child = store.table(relationship.referencing)
      const column = relationship.referencingColumn
      const children = store.rows(child).addIndex([column]).find([row.id])
      if (children.length > 0 && relationship.cascadeDelete === 'Restrict') {
        throw new ServiceError(
          405,
          '0x80040227',
          `The ${table.logicalName} cannot be deleted because it is associated with another record (${relationship.schemaName}).`,
        )
      }
      for (const dependent of children) {
        if (relationship.cascadeDelete === 'Cascade') {
          deleteRow(context, child, dependent, 'cascade')
        } else {
          updateRow(context, child, dependent, { [column]: null }, 'cascade')
        }
      }
    }
    store.delete(table, row)
    emit(context, 'Delete', table, row, {}, row.values, {}, action)
  })
}

function emit(
  context: Context,
  message: RowEvent['message'],
  table: Table,
  row: Row,
  sent: Readonly<Record<string, Json>>,
  before: Readonly<Record<string, Json>>,
  after: Readonly<Record<string, Json>>,
  action: RowEvent['action'] = 'plain',
): void {
  const atMs = context.org.clock.now()
  const userId = context.userId
  context.org.store.emit({ message, table, row, sent, before, after, userId, atMs, action })
}

/** Nulls are not stored, so that rows stay small. */
function assign(values: Record<string, Json>, changes: Readonly<Record<string, Json>>): void {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) {
      delete values[name]
    } else {
      values[name] = value
    }
  }
}

/** A state without a reason gets its default reason, and vice versa. */
function completeState(
  table: Table,
  sent: Readonly<Record<string, Json>>,
  values: Record<string, Json>,
): void {
  if (!plainStates(table)) {
    return
  }
  if (sent['statuscode'] === undefined && typeof sent['statecode'] === 'number') {
    values['statuscode'] = sent['statecode'] + 1
  } else if (sent['statecode'] === undefined && typeof sent['statuscode'] === 'number') {
    values['statecode'] = sent['statuscode'] - 1
  }
}

function plainStates(table: Table): boolean {
  return table.columns.get('statecode')?.options?.length === 2
}

function checkState(table: Table, values: Readonly<Record<string, Json>>): void {
  const { statecode, statuscode } = values
  if (plainStates(table) && Number(statuscode) !== Number(statecode) + 1) {
    throw badPayload(
      table.entitySet,
      `Microsoft.Crm.CrmException: ${String(statuscode)} is not a valid status code for state code ${String(statecode)}.`,
    )
  }
}

function checkKeys(
  context: Context,
  table: Table,
  values: Readonly<Record<string, Json>>,
  self: Row | undefined,
): void {
  const rows = context.org.store.rows(table)
  for (const key of table.keys.values()) {
    if (key.status === 'Active') {
      const found = rows.index(key.columns)?.find(key.columns.map((column) => values[column]))
      if (found?.some((row) => row !== self) === true) {
        throw duplicateEntityKey()
      }
    }
  }
}
