import { badPayload, noSuchRow, ServiceError } from '../errors.js'
import type { Context } from '../organisation.js'
import { requireOnTable } from '../privileges.js'
import type { Json, JsonObject, Row, Table } from '../store/schema.js'
import { parseRowBody } from './parse-body.js'
import { updateRow } from './write-row.js'

const NEVER_FILLED = new Set([
  'createdon',
  'modifiedon',
  'createdby',
  'modifiedby',
  'statecode',
  'statuscode',
  'merged',
  'masterid',
])

/** The Merge action on two contacts (wire page, section 12). */
export function mergeFromBody(context: Context, body: JsonObject): void {
  const table = context.org.store.table('contact')
  requireOnTable(context, 'Write', table)
  const content = body['UpdateContent']
  const fill =
    content !== undefined && isObject(content) ? parseRowBody(context, table, content).values : {}
  mergeRows(
    context,
    findContact(context, table, body['Target']),
    findContact(context, table, body['Subordinate']),
    fill,
  )
}

/**
 * Merges the second contact into the first: fills the master's empty columns, sets `extra` on it, moves children of
 * Merge=Cascade relationships, deactivates the loser and points it at its master.
 */
export function mergeRows(
  context: Context,
  master: Row,
  loser: Row,
  extra: Readonly<Record<string, Json>>,
): void {
  const { store } = context.org
  const table = store.table('contact')
  if (master === loser || master.values['statecode'] !== 0 || loser.values['statecode'] !== 0) {
    throw new ServiceError(
      400,
      '0x80040203',
      'Both records of a merge must be active and different.',
    )
  }
  store.transaction(() => {
    const filled: Record<string, Json> = {}
    for (const [name, value] of Object.entries(loser.values)) {
      if (!NEVER_FILLED.has(name) && master.values[name] === undefined) {
        filled[name] = value
      }
    }
    updateRow(context, table, master, { ...filled, ...extra }, 'merge')
    for (const relationship of store.childrenOf(table)) {
      if (relationship.cascadeMerge === 'Cascade') {
        const child = store.table(relationship.referencing)
        const column = relationship.referencingColumn
        for (const row of store.rows(child).addIndex([column]).find([loser.id])) {
          updateRow(context, child, row, { [column]: master.id }, 'merge')
        }
      }
    }
    const inactive = { statecode: 1, statuscode: 2, merged: true, masterid: master.id }
    updateRow(context, table, loser, inactive, 'merge')
  })
}

function findContact(context: Context, table: Table, reference: Json | undefined): Row {
  const id = reference !== undefined && isObject(reference) ? reference[table.primaryId] : undefined
  if (typeof id !== 'string') {
    throw badPayload(
      'Merge',
      "Microsoft.OData.ODataException: Target and Subordinate need 'contactid'.",
    )
  }
  const row = context.org.store.rows(table).get(id.toLowerCase())
  if (row === undefined) {
    throw noSuchRow('contact', id)
  }
  return row
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
