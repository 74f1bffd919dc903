import {
  badPayload,
  duplicateKey,
  noSuchKey,
  noSuchRow,
  ServiceError,
  versionMismatch,
} from '../errors.js'
import { forgetComponents } from '../metadata/solution-header.js'
import type { Context } from '../organisation.js'
import { requireOnTable } from '../privileges.js'
import { etagOf, type Json, type JsonObject, type Row, type Table } from '../store/schema.js'
import { parseRowBody } from './parse-body.js'
import { findByKey, type KeyTarget } from './resource-path.js'
import { createRow, deleteRow, updateRow } from './write-row.js'

/** Conditions in the headers of a request. */
export interface Conditions {
  readonly ifMatch?: string
  readonly ifNoneMatch?: string
}

/** The row after a write, and whether it is new. */
export interface WriteResult {
  readonly row: Row
  readonly created: boolean
}

/** POST to a set. */
export function postRow(context: Context, table: Table, body: JsonObject): Row {
  requireOnTable(context, 'Create', table)
  const { id, values } = parseRowBody(context, table, body)
  return createRow(context, table, id, values)
}

/** PATCH of one row: updates it, or creates it if it is missing and no condition forbids it (section 8.2). */
export function patchRow(
  context: Context,
  table: Table,
  key: string,
  body: JsonObject,
  conditions: Conditions,
): WriteResult {
  const target = findByKey(context, table, key)
  const ifMatch = cleanMatch(conditions.ifMatch)
  const createOnly = conditions.ifNoneMatch?.trim() === '*'
  if (target.row === undefined) {
    if (ifMatch !== undefined) {
      throw missing(table, target)
    }
    return { row: createFromKey(context, table, target, body), created: true }
  }
  if (createOnly) {
    throw duplicateKey()
  }
  checkMatch(target.row, ifMatch)
  requireOnTable(context, 'Write', table)
  updateRow(context, table, target.row, changesOf(context, table, target, body))
  return { row: target.row, created: false }
}

/** DELETE of one row. */
export function removeRow(
  context: Context,
  table: Table,
  key: string,
  conditions: Conditions,
): void {
  requireOnTable(context, 'Delete', table)
  const target = findByKey(context, table, key)
  if (target.row === undefined) {
    throw missing(table, target)
  }
  checkMatch(target.row, cleanMatch(conditions.ifMatch))
  deleteRow(context, table, target.row)
  forgetComponents(context.org, [target.row.id])
}

function createFromKey(context: Context, table: Table, target: KeyTarget, body: JsonObject): Row {
  requireOnTable(context, 'Create', table)
  const { id, values } = parseRowBody(context, table, body)
  checkSameId(table, target, id)
  return createRow(context, table, target.id ?? id, { ...target.values, ...values })
}

/** The body's value of a key column is ignored on update (section 16.6). */
function changesOf(
  context: Context,
  table: Table,
  target: KeyTarget,
  body: JsonObject,
): Record<string, Json> {
  const { id, values } = parseRowBody(context, table, body)
  checkSameId(table, target, id)
  for (const column of Object.keys(target.values ?? {})) {
    delete values[column]
  }
  return values
}

function checkSameId(table: Table, target: KeyTarget, id: string | undefined): void {
  if (id !== undefined && target.id !== undefined && id !== target.id) {
    throw badPayload(
      table.entitySet,
      'Microsoft.Crm.CrmException: The key in the body differs from the key in the URL.',
    )
  }
}

function cleanMatch(header: string | undefined): string | undefined {
  const text = header?.trim()
  if (text === undefined || text === '' || text === 'null') {
    return undefined
  }
  if (text !== '*' && !/^W\/"\d+"$/.test(text)) {
    throw new ServiceError(
      400,
      '0x80060888',
      `The format of value '${text}' is invalid for If-Match.`,
    )
  }
  return text
}

function checkMatch(row: Row, ifMatch: string | undefined): void {
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== etagOf(row)) {
    throw versionMismatch()
  }
}

function missing(table: Table, target: KeyTarget): ServiceError {
  return target.id === undefined ? noSuchKey() : noSuchRow(table.logicalName, target.id)
}
