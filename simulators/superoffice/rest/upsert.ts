import { z } from 'zod'
import { badRequest } from '../errors.js'
import { baseKey, stampOf } from '../model/consents.js'
import { YEAR_ONE } from '../model/dates.js'
import type { ConsentRow } from '../model/rows.js'
import type { Row } from '../model/table.js'
import type { ApiCall } from '../server/api-call.js'

const bodySchema = z.object({
  tablename: z.string(),
  columns: z.array(z.string()).min(1),
  keys: z.array(z.string()).min(1),
  data: z.array(z.array(z.string())),
  nomatchaction: z.enum(['NoChange', 'DeleteRow', 'ClearRow', 'Delete']),
  returnrowstatus: z.boolean().default(false),
})

/** Writable columns. The real service would also write audit fields; the stand-in refuses them. */
const WRITABLE = ['person_id', 'consentPurpose_id', 'legalBase_id', 'consentSource_id', 'comment']
const KEYS = ['person_id', 'consentPurpose_id']

interface RowStatus {
  readonly PrimaryKey: number
  readonly Action: 'Inserted' | 'Updated' | 'Deleted' | 'NoUpdateNeeded'
  readonly RowKeys: readonly string[]
}

/**
 * `Agents/DatabaseTable/Upsert` on ConsentPerson (wire page, section 7): it writes the physical table without business
 * logic. Any `NomatchAction` other than `NoChange` removes every row that is not in `Data`.
 */
export function upsertConsents(call: ApiCall, given: Readonly<Record<string, unknown>>) {
  const parsed = bodySchema.safeParse(given)
  if (!parsed.success) {
    throw badRequest('The request is invalid.')
  }
  const { tablename, columns, keys, data, nomatchaction, returnrowstatus } = parsed.data
  if (tablename.toLowerCase() !== 'consentperson') {
    throw badRequest('The table is protected or unknown')
  }
  if (columns.some((column) => !WRITABLE.includes(column)) || String(keys) !== String(KEYS)) {
    throw badRequest('Unknown column or key')
  }
  if (
    KEYS.some((key) => !columns.includes(key)) ||
    data.some((it) => it.length !== columns.length)
  ) {
    throw badRequest('Data does not fit Columns and Keys')
  }
  const statuses = data.map((values) => upsertRow(call, columns, values))
  if (nomatchaction !== 'NoChange') {
    statuses.push(...wipeOthers(call, statuses))
  }
  const count = (action: RowStatus['Action']) =>
    statuses.filter((it) => it.Action === action).length
  return {
    Success: true,
    Message: 'OK',
    Inserts: count('Inserted'),
    Updates: count('Updated'),
    Deletes: count('Deleted'),
    RowStatus: returnrowstatus ? statuses : null,
  }
}

function upsertRow(
  call: ApiCall,
  columns: readonly string[],
  values: readonly string[],
): RowStatus {
  const { store, switches } = call.world
  const fields: Row = {}
  columns.forEach((column, at) => {
    fields[column] = column === 'comment' ? values[at]! : whole(values[at]!)
  })
  const rowKeys = KEYS.map((key) => String(fields[key]))
  const row = store.consent(Number(fields['person_id']), Number(fields['consentPurpose_id']))
  const before = row === undefined ? null : baseKey(call.world, row.legalBase_id)
  const at = call.world.nowSeconds()
  if (row === undefined) {
    const added = store.consentperson.insert({
      legalBase_id: 0,
      consentSource_id: 0,
      comment: '',
      ...fields,
      registered: at,
      registered_associate_id: call.associateId,
      updated: YEAR_ONE,
      updated_associate_id: 0,
      updatedCount: switches.firstUpdatedCount,
    } as unknown as ConsentRow)
    publish(call, added, before, Object.keys(added))
    return { PrimaryKey: added.consentperson_id, Action: 'Inserted', RowKeys: rowKeys }
  }
  const changed = Object.keys(fields).filter((column) => row[column] !== fields[column])
  if (changed.length === 0 && switches.equalWrite === 'skipped') {
    return { PrimaryKey: row.consentperson_id, Action: 'NoUpdateNeeded', RowKeys: rowKeys }
  }
  const stamp = switches.upsertStamps ? stampOf(row, call.associateId, at) : {}
  store.consentperson.update(row, { ...fields, ...stamp })
  publish(call, row, before, changed)
  return { PrimaryKey: row.consentperson_id, Action: 'Updated', RowKeys: rowKeys }
}

function wipeOthers(call: ApiCall, kept: readonly RowStatus[]): readonly RowStatus[] {
  const { store } = call.world
  const keep = new Set(kept.map((status) => status.PrimaryKey))
  const others = [...store.consentperson.from()].filter((row) => !keep.has(row.consentperson_id))
  return others.map((row) => {
    store.consentperson.delete(row)
    publish(call, row, baseKey(call.world, row.legalBase_id), ['consentperson_id'], true)
    const rowKeys = [String(row.person_id), String(row.consentPurpose_id)]
    return { PrimaryKey: row.consentperson_id, Action: 'Deleted', RowKeys: rowKeys }
  })
}

/** Records the write and posts its webhooks. */
function publish(
  { world, associateId }: ApiCall,
  row: ConsentRow,
  before: string | null,
  changes: readonly string[],
  gone = false,
): void {
  const after = gone ? null : baseKey(world, row.legalBase_id)
  world.writes.add({
    at: new Date(world.clock.now()).toISOString(),
    via: 'upsert',
    associateId,
    personId: row.person_id,
    purpose: world.store.consentpurpose.get(row.consentPurpose_id)?.key ?? '',
    before,
    after,
    source: world.store.consentsource.get(row.consentSource_id)?.key ?? null,
    comment: row.comment,
    updatedCount: gone ? null : row.updatedCount,
  })
  const withdrawn = gone || after?.replace('#', '') === 'WITHDRAWN'
  const event = withdrawn ? 'person.unconsented' : 'person.consented'
  world.sender.enqueue(event, row.person_id, associateId, changes)
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) {
    throw badRequest('An id is a whole number')
  }
  return Number(text)
}
