import type { Purpose } from '../../domain/legal-basis.js'
import type { LeavingReading } from '../../domain/reconcile/index.js'
import type { RecordReading } from '../../domain/reconcile/types.js'
import type { StoredValue } from './cells.js'
import type { StoredCrmContact, StoredCrmSubscription } from './crm-mirror-rows.js'

/** A record as read, without carried denies; null: its value is unreadable. */
export function recordReading(
  contact: StoredCrmContact,
  purpose: Purpose,
): RecordReading<StoredValue> | null {
  return whereReadable(leavingReading(contact, purpose))
}

/** As {@link recordReading}, but also with an unreadable value; null: the CRM has no such purpose. */
export function leavingReading(
  contact: StoredCrmContact,
  purpose: Purpose,
): LeavingReading<StoredValue> | null {
  const consent = contact.consents[purpose]
  if (!consent) {
    return null
  }
  const { value, version, lastWriter, times } = consent
  return {
    recordId: contact.crmContactId,
    value,
    version,
    lastWriter,
    // Whether its time counts is decided later (deciding-times.ts).
    stamp: null,
    ...(times === undefined ? {} : { onlyInserted: times.onlyInserted }),
    carriedDeny: false,
    leftWith: contact.leftWith?.[purpose] ?? null,
  }
}

/** A subscription row as read, without carried denies; null: neither a Yes nor a No. */
export function rowReading(row: StoredCrmSubscription): RecordReading<StoredValue> | null {
  return whereReadable(leavingRowReading(row))
}

/** As {@link rowReading}, but also if it is neither. */
export function leavingRowReading(row: StoredCrmSubscription): LeavingReading<StoredValue> {
  const { rowId, subscribed, version, leftWith } = row
  return {
    recordId: rowId,
    value: subscribed === null ? null : subscribed ? 'allow' : 'deny',
    version,
    lastWriter: 'unknown',
    stamp: null,
    carriedDeny: false,
    leftWith: leftWith ?? null,
  }
}

function whereReadable(
  reading: LeavingReading<StoredValue> | null,
): RecordReading<StoredValue> | null {
  return reading === null || reading.value === null ? null : { ...reading, value: reading.value }
}

/**
 * Whether the ledger was restored or the connection created again, and no pass has observed this record since: our
 * writes to it may be forgotten. A record that comes from another address was observed there.
 */
export function isForgotten(contact: StoredCrmContact, epoch: number): boolean {
  return epoch > 1 && contact.observedEpoch !== epoch
}
