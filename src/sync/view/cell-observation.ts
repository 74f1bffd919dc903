import type { CellMemory, Observation, RecordReading } from '../../domain/reconcile/index.js'
import type { CellRow, StoredValue } from '../../ledger/copy/cells.js'
import { isForgotten } from '../../ledger/copy/record-reading.js'
import type { AddressView, BatchView } from './address-view.js'

/** A cell as it stands, and as it was last observed. */
export interface ObservedCell {
  readonly observation: Observation<StoredValue>
  readonly memory: CellMemory<StoredValue>
}

/** What is known of a rich CRM's values besides the records themselves. */
export type CrmKnowledge = Pick<
  Observation<StoredValue>,
  'firstVersion' | 'basisMapping' | 'countsWrites'
>

/**
 * Puts together what the rule and the send gate ask of a cell.
 * @param crm what is known of the CRM's values besides; what our own inserts have shown counts as well.
 * @returns null where eMarketeer's side cannot be read.
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
  if (basis === 'unreadable') {
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
