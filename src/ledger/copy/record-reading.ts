import type { Purpose } from '../../domain/legal-basis.js'
import type { RecordReading } from '../../domain/reconcile/types.js'
import type { StoredValue } from './cells.js'
import type { StoredCrmContact, StoredCrmSubscription } from './crm-mirror-rows.js'

/** A record as read, nothing carried onto it; null where its value cannot be read. */
export function recordReading(
  contact: StoredCrmContact,
  purpose: Purpose,
): RecordReading<StoredValue> | null {
  const consent = contact.consents[purpose]
  if (!consent || consent.value === null) {
    return null
  }
  const { value, version, lastWriter, times } = consent
  return {
    recordId: contact.crmContactId,
    value,
    version,
    lastWriter,
    // Whether its time counts is decided where it is asked (deciding-times.ts).
    stamp: null,
    ...(times === undefined ? {} : { onlyInserted: times.onlyInserted }),
    carriedDeny: false,
    leftWith: contact.leftWith?.[purpose] ?? null,
  }
}

/** A subscription row as read, nothing carried onto its contact; null where it is neither a Yes nor a No. */
export function rowReading(row: StoredCrmSubscription): RecordReading<StoredValue> | null {
  const { rowId, subscribed, version, leftWith } = row
  return subscribed === null
    ? null
    : {
        recordId: rowId,
        value: subscribed ? 'allow' : 'deny',
        version,
        lastWriter: 'unknown',
        stamp: null,
        carriedDeny: false,
        leftWith: leftWith ?? null,
      }
}

/**
 * The ledger was restored, or the connection made anew, and no pass since has observed this record: what we wrote to it
 * may be forgotten. One that merely came from another address was observed there.
 */
export function isForgotten(contact: StoredCrmContact, epoch: number): boolean {
  return epoch > 1 && contact.observedEpoch !== epoch
}
