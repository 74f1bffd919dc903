import { addressesAfter } from '../../ledger/address/address-rows.js'
import { decideBatch } from '../pass/decide-cells.js'
import { timesNow } from '../pass/deciding-times.js'
import { askFieldHistory } from '../pass/field-history.js'
import { freshen } from '../mirror/catch-up-both.js'
import { loadBatch } from '../view/address-view.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import { MAX_BATCH } from '../pass/batch-pass.js'
import { emptyCounts, type SyncCounts } from '../pass/batch.js'

/** Counts of a batch, and where the next batch starts. null: none is left. */
export interface Rehearsal {
  readonly counts: SyncCounts
  readonly next: number | null
}

/**
 * Reads and decides like a resync, but stores no decision and writes to no system (`--dry-run`). What was read is
 * stored in the copy.
 * @param addressIds the addresses, or null for all linked ones.
 * @param after an address id: addresses above it are read.
 */
export async function rehearse(
  session: SyncSession,
  addressIds: readonly number[] | null,
  after: number,
): Promise<Rehearsal> {
  const { connectionId } = session.connection
  const ids = await addressesAfter(session.db, connectionId, after, addressIds, MAX_BATCH)
  await freshen(session, ids)
  const batch = await loadBatch(session.db, connectionId, ids)
  const decided = decideBatch(batch, requireCrm(session), timesNow(session, batch))
  const { cells } = await askFieldHistory(session, batch, decided.cells)
  const writes = cells.flatMap((cell) => cell.plan.writes)
  const newRows = decided.upkeep.reduce((sum, item) => sum + item.missingContactIds.length, 0)
  return {
    counts: {
      ...emptyCounts(),
      addresses: batch.addresses.length,
      linked: batch.addresses.filter((v) => v.contacts.length > 0 && v.row.emarketeerContactId)
        .length,
      decisions: cells.filter((cell) => cell.plan.writes.length > 0).length,
      ambiguous: cells.filter((cell) => cell.decision.ambiguous).length,
      emarketeerWrites: writes.filter((write) => write.side === 'emarketeer').length,
      crmWrites: writes.filter((write) => write.side === 'crm').length + newRows,
      staged: cells.filter((cell) => cell.plan.writes.some((write) => write.loosens)).length,
    },
    next: ids.length < MAX_BATCH ? null : ids.at(-1)!,
  }
}
