import type { CrmConsent, CrmContact, CrmContactState } from '../../crm.js'
import { ADDRESS_COLUMNS, contactRow, ETAG, type RawRow, VITAL_COLUMNS } from './rows.js'

const [PRIMARY, ...OTHERS] = ADDRESS_COLUMNS

/** A contact as the rest of the system knows it; null where the row has no GUID for an id, and so is nobody's. */
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
    ...(PRIMARY in raw ? {} : { emailUnreadable: true }),
    ...(OTHERS.every((name) => name in raw) ? {} : { otherEmailsUnreadable: true }),
    otherEmails: [],
    denyOnlyEmails: [row.emailaddress2, row.emailaddress3].flatMap((email) => email ?? []),
    state: stateOf(row.merged, row.statecode),
    mergedInto: row._masterid_value?.toLowerCase() ?? null,
    registeredAtMs: Number.isNaN(createdMs) ? null : createdMs,
    consents: { marketingSendouts: toConsent(row.donotbulkemail, isReadable(raw), row[ETAG]) },
  }
}

/** What a removed column, or column-level security, left out is not told; what is of another type is no answer either. */
function isReadable(raw: RawRow): boolean {
  const toggle = raw['donotbulkemail']
  return (
    VITAL_COLUMNS.every((name) => name in raw) && (toggle === null || typeof toggle === 'boolean')
  )
}

/**
 * `donotbulkemail` is inverted: true = do not allow. Null, as imported rows have it, allows: the platform's default. A row
 * that is not readable, or without a version, is unknown, and nothing may be written.
 */
function toConsent(
  doNotBulkEmail: boolean | null | undefined,
  readable: boolean,
  etag: string | undefined,
): CrmConsent {
  const value = doNotBulkEmail === true ? 'deny' : 'allow'
  return {
    value: readable && etag !== undefined ? value : null,
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
