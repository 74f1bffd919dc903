import type { CrmConsent, CrmContact, CrmContactState } from '../../crm.js'
import { contactRow, ETAG, type RawRow } from './rows.js'

/** A contact as the rest of the system knows it; null where the row has no id and so is nobody's. */
export function toContact(raw: RawRow): CrmContact | null {
  const parsed = contactRow.safeParse(raw)
  if (!parsed.success) {
    return null
  }
  const row = parsed.data
  const createdMs = row.createdon ? Date.parse(row.createdon) : Number.NaN
  return {
    contactId: row.contactid.toLowerCase(),
    email: row.emailaddress1 ?? null,
    // emailaddress2 and 3 take no part: the toggle is the record's, whatever the address.
    otherEmails: [],
    state: stateOf(row.merged, row.statecode),
    mergedInto: row._masterid_value?.toLowerCase() ?? null,
    registeredAtMs: Number.isNaN(createdMs) ? null : createdMs,
    consents: { marketingSendouts: toConsent(row.donotbulkemail, row[ETAG]) },
  }
}

/** `donotbulkemail` is inverted: true = do not allow. No column or no version: unknown, and nothing may be written. */
function toConsent(
  doNotBulkEmail: boolean | null | undefined,
  etag: string | undefined,
): CrmConsent {
  const known = typeof doNotBulkEmail === 'boolean' && etag !== undefined
  return {
    value: known ? (doNotBulkEmail ? 'deny' : 'allow') : null,
    version: etag ?? '',
    // Who changed this very column only the audit tells; modifiedby is about the row.
    lastWriter: 'unknown',
  }
}

function stateOf(
  merged: boolean | null | undefined,
  statecode: number | null | undefined,
): CrmContactState {
  if (merged === true) {
    return 'merged'
  }
  return (statecode ?? 0) === 0 ? 'live' : 'deactivated'
}
