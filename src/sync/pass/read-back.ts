import type { CrmConsent, CrmWrite, CrmWriteOutcome } from '../../crm/crm.js'
import { isNextVersion, type CellMemory, type RowVersion } from '../../domain/reconcile/index.js'
import type { StoredValue } from '../../ledger/copy/cells.js'
import type { PendingCell } from './write-jobs.js'

/** A write that the CRM says it has applied. */
type Applied = Extract<CrmWriteOutcome, { status: 'applied' }>

/** What was read back after the write, where the CRM cannot refuse a stale one; null where it can. */
export function readBackOf(outcome: Applied): CrmConsent | null {
  return outcome.readBack ?? null
}

/** A row's version, and whether it was only inserted, as far as the CRM tells. */
export function rowVersionOf({ version, times }: CrmConsent): RowVersion {
  return times === undefined ? { version } : { version, onlyInserted: times.onlyInserted }
}

/** The version that stands after the write, as far as it was told. An unreadable read-back tells none. */
export function versionAfter({ version, readBack }: Applied): string | null {
  if (!readBack) {
    return version
  }
  return readBack.value === null ? null : readBack.version
}

/**
 * Whether what was read back is not our own write on exactly the row that we had read: somebody wrote before ours, so
 * that their answer may lie under it, or after it. Either way the row is read and decided again, at once (R0 asks).
 */
export function isOvertaken(
  write: CrmWrite,
  { readBack }: Applied,
  pending: PendingCell | null,
): boolean {
  if (write.kind !== 'consent' || !readBack) {
    return false
  }
  const firstVersion = pending?.cell.observation.firstVersion ?? null
  return (
    readBack.lastWriter !== 'us' ||
    readBack.value !== write.value ||
    !isNextVersion(rowVersionOf(readBack), write.expectedVersion, firstVersion)
  )
}

/** The cell's memory after one of its writes was applied; what was read back counts, and not what we had sent. */
export function acknowledged(
  { cell, memory }: PendingCell,
  write: CrmWrite,
  outcome: Applied,
): CellMemory<StoredValue> {
  const firstVersion = cell.observation.firstVersion ?? null
  const { readBack } = outcome
  switch (write.kind) {
    case 'consent': {
      const { value, lastWriter } = readBack ?? { ...write, lastWriter: 'us' }
      return value === null
        ? memory
        : cell.rule.acknowledge(memory, {
            recordId: write.contactId,
            value,
            lastWriter,
            firstVersion,
            ...(readBack ? rowVersionOf(readBack) : { version: outcome.version }),
          })
    }
    case 'subscription':
      return cell.rule.acknowledge(memory, {
        recordId: write.rowId,
        value: write.subscribed ? 'allow' : 'deny',
        version: outcome.version,
        lastWriter: 'us',
        firstVersion,
      })
    case 'createSubscription':
    case 'deleteSubscription':
      return memory
  }
}
