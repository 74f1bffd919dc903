import type { CrmConsent, CrmWrite, CrmWriteOutcome } from '../../crm/crm.js'
import { isNextVersion, type CellMemory, type RowVersion } from '../../domain/reconcile/index.js'
import type { StoredValue } from '../../ledger/copy/cells.js'
import type { PendingCell } from './write-jobs.js'

/** A write that the CRM reports as applied. */
type Applied = Extract<CrmWriteOutcome, { status: 'applied' }>

/** What was read back after the write, if the CRM cannot refuse a stale write; else null. */
export function readBackOf(outcome: Applied): CrmConsent | null {
  return outcome.readBack ?? null
}

/** A row's version, and whether it was only inserted, if the CRM states it. */
export function rowVersionOf({ version, times }: CrmConsent): RowVersion {
  return times === undefined ? { version } : { version, onlyInserted: times.onlyInserted }
}

/** The version after the write; null if unknown, as after an unreadable read-back. */
export function versionAfter({ version, readBack }: Applied): string | null {
  if (!readBack) {
    return version
  }
  return readBack.value === null ? null : readBack.version
}

/**
 * Whether the read-back shows anything but our own write on exactly the row that we had read. Then our write may have
 * overwritten a person's answer, or a person may have written after it. The row is read and decided again immediately
 * (R0).
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

/** The cell's memory after a write was applied. What was read back takes precedence over what was sent. */
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
