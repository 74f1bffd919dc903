import type { CellMemory, Observation, RecordReading } from '../domain/reconcile/index.js'
import type { CellRow, StoredValue } from '../ledger/cells.js'
import type { AddressView, BatchView } from './observe.js'

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
  const { basis, version, lastPositiveActMs, lastDenyActMs, seen, openAllow, openLoosen } = row
  if (basis === 'unreadable') {
    return null
  }
  const { epoch } = batch.connection
  return {
    observation: {
      emarketeer: { basis, version, lastPositiveActMs, lastDenyActMs },
      records,
      epoch,
      historyLost: seen === null && epoch > 1 && anyForgotten(view, epoch),
      ...crm,
      firstVersion: crm.firstVersion ?? batch.times.firstVersion,
    },
    memory: { seen, openAllow, openLoosen },
  }
}

/**
 * The ledger was restored, or the connection made anew, and no pass since has observed some record here: what we wrote
 * to it may be forgotten. One that merely came from another address was observed there.
 */
function anyForgotten({ contacts }: AddressView, epoch: number): boolean {
  return contacts.some((contact) => contact.observedEpoch !== epoch)
}
