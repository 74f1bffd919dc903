import type { Purpose } from '../domain/legal-basis.js'
import type { RecordReading } from '../domain/reconcile/index.js'
import type { StoredValue } from '../ledger/cells.js'
import type { StoredCrmContact } from '../ledger/crm-mirror-rows.js'

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
  }
}
