import type { AddressView, BatchView } from './address-view.js'
import { UNKNOWN_CATEGORY } from '../../domain/hidden-ids.js'
import { categoryCell, type CellKey, isPurposeCell } from '../../domain/cell-key.js'
import type { Purpose } from '../../domain/legal-basis.js'
import {
  isMemory,
  type RecordReading,
  type CellMemory,
  type Observation,
} from '../../domain/reconcile/index.js'
import type { StoredValue, CellRow } from '../../ledger/copy/cells.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { StoredCrmSubscription } from '../../ledger/copy/crm-mirror-rows.js'
import { secondaryDenies, unarrivedHolders } from './secondary-addresses.js'
import { recordReading, rowReading, isForgotten } from '../../ledger/copy/record-reading.js'

/**
 * Whether the copy of an address is a *consistent observation*: the CRM's values were read, or proven, after
 * eMarketeer's last known act there and before a reading of the feed that found no further act (docs/reconciliation.md,
 * "A pass").
 * @param deltaProves whether the CRM's complete deltas prove records that they do not mention.
 */
export function isConsistent(
  view: AddressView,
  connection: ConnectionRow,
  deltaProves: boolean,
): boolean {
  const { row } = view
  if (row.emarketeerUnread || row.crmDoubtful) {
    return false
  }
  const provenByDelta = deltaProves && connection.crmProvenTick > row.crmReadFrom
  const from = provenByDelta ? connection.crmProvenTick : row.crmReadFrom
  const readTo = [...view.contacts, ...view.subscriptions].map((record) => record.readTo)
  const to = Math.max(provenByDelta ? from : row.crmReadTo, ...readTo)
  return from > row.emarketeerMovedTick && connection.emarketeerProvenTick > to
}

/** Live records of a purpose; null: one cannot be read. */
export function purposeRecords(
  view: AddressView,
  purpose: Purpose,
): readonly RecordReading<StoredValue>[] | null {
  const records = readableRecords(view, purpose)
  return records.length === view.contacts.length ? records : null
}

/** The readable live records of a purpose. */
export function readableRecords(
  view: AddressView,
  purpose: Purpose,
): readonly RecordReading<StoredValue>[] {
  const followed = new Set(
    secondaryDenies(view, purpose).map(({ address }) => address.crmContactId),
  )
  const holderDenies = unarrivedHolders(view, purpose).length > 0
  const records: RecordReading<StoredValue>[] = []
  for (const contact of view.contacts) {
    const record = recordReading(contact, purpose)
    if (record === null) {
      continue
    }
    const { recordId } = record
    const carriedDeny =
      view.carriedDenies.has(`${recordId} ${purpose}`) ||
      followed.has(recordId) ||
      // The holders' deny reaches eMarketeer through the oldest record at this address (C5).
      (holderDenies && records.length === 0)
    records.push({ ...record, carriedDeny })
  }
  return records
}

/** Rows of a category at an address. */
export interface CategoryRows {
  /** The contacts' own rows and rows that a merge left; null: one cannot be read. */
  readonly records: readonly RecordReading<StoredValue>[] | null
  /** Contacts without a row of their own. */
  readonly missingContactIds: readonly string[]
  /** Rows that a merge left behind, to delete once nothing depends on them. */
  readonly foreignRows: readonly StoredCrmSubscription[]
}

/** Whether the row may be of the category: its own category may be unknown. */
export function mayBeOf(row: StoredCrmSubscription, categoryId: string): boolean {
  return row.categoryId === categoryId || row.categoryId === UNKNOWN_CATEGORY
}

/** Rows of one category at an address. A missing row is neither a Yes nor a No (D3). */
export function categoryRows(view: AddressView, categoryId: string): CategoryRows {
  const rows = view.subscriptions.filter((row) => mayBeOf(row, categoryId))
  const own = new Set(rows.filter((row) => !row.foreign).map((row) => row.crmContactId))
  const cellKey = categoryCell(categoryId)
  const readable = rows.every((row) => row.subscribed !== null)
  return {
    records: readable
      ? rows.map((row) => ({
          ...rowReading(row)!,
          carriedDeny: view.carriedDenies.has(`${row.crmContactId} ${cellKey}`),
        }))
      : null,
    missingContactIds: view.contacts
      .map((contact) => contact.crmContactId)
      .filter((id) => !own.has(id)),
    foreignRows: rows.filter((row) => row.foreign),
  }
}

/** The CRM contact that a record of a cell belongs to. */
export function contactOfRecord(view: AddressView, cellKey: CellKey, recordId: string): string {
  return isPurposeCell(cellKey)
    ? recordId
    : view.subscriptions.find((row) => row.rowId === recordId)!.crmContactId
}

/** A cell with its present values and its last observation. */
export interface ObservedCell {
  readonly observation: Observation<StoredValue>
  readonly memory: CellMemory<StoredValue>
}

/** What is known about a rich CRM's values in addition to the records. */
export type CrmKnowledge = Pick<
  Observation<StoredValue>,
  'firstVersion' | 'basisMapping' | 'countsWrites'
>

/**
 * Builds the observation of a cell for the rule and the send gate. The first version learned from our own inserts is
 * used if `crm` has none.
 * @returns null: eMarketeer's side, or what passes stored of the cell, cannot be read.
 */
export function observationOf(
  batch: BatchView,
  view: AddressView,
  row: CellRow,
  records: readonly RecordReading<StoredValue>[],
  crm: CrmKnowledge,
): ObservedCell | null {
  const { basis, version, lastPositiveActMs, lastDenyActMs } = row
  const { seen, openAllow, openLoosen, departed } = row
  if (basis === 'unreadable' || !isMemory(row)) {
    return null
  }
  const { epoch } = batch.connection
  const forgotten = new Set(
    view.contacts.filter((c) => isForgotten(c, epoch)).map((c) => c.crmContactId),
  )
  return {
    observation: {
      emarketeer: { basis, version, lastPositiveActMs, lastDenyActMs },
      records: records.map((record) => ({ ...record, forgotten: forgotten.has(record.recordId) })),
      epoch,
      ...crm,
      firstVersion: crm.firstVersion ?? batch.times.firstVersion,
    },
    memory: { seen, openAllow, openLoosen, departed },
  }
}
