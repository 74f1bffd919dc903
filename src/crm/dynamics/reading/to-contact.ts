import { type CallContext, readRecords } from '../../../http/index.js'
import type { CrmConsent, CrmContact, CrmContactState } from '../../crm.js'
import { ADDRESS_COLUMNS, contactRow, ETAG, isTold, type RawRow, VITAL_COLUMNS } from './rows.js'

const [PRIMARY, ...OTHERS] = ADDRESS_COLUMNS

/**
 * A contact as the rest of the system knows it; null where the row has no GUID for an id, and so is nobody's. One of which
 * something vital is not told is told to be unreadable.
 */
export function toContact(raw: RawRow, context?: CallContext): CrmContact | null {
  const [row] = readRecords(contactRow, [raw], context)
  if (row === undefined) {
    return null
  }
  const path =
    VITAL_COLUMNS.find((column) => !isTold(raw, column)) ?? (row[ETAG] === undefined ? ETAG : null)
  if (path !== null) {
    context?.onUnreadable?.({ operation: contactRow.operation, path, id: row.contactid })
  }
  const createdMs = row.createdon ? Date.parse(row.createdon) : Number.NaN
  return {
    contactId: row.contactid.toLowerCase(),
    email: row.emailaddress1 ?? null,
    ...(isTold(raw, PRIMARY) ? {} : { emailUnreadable: true }),
    ...(OTHERS.every((name) => isTold(raw, name)) ? {} : { otherEmailsUnreadable: true }),
    otherEmails: [],
    denyOnlyEmails: [row.emailaddress2, row.emailaddress3].flatMap((email) => email ?? []),
    state: stateOf(row.merged, row.statecode),
    mergedInto: row._masterid_value?.toLowerCase() ?? null,
    registeredAtMs: Number.isNaN(createdMs) ? null : createdMs,
    consents: { marketingSendouts: toConsent(row.donotbulkemail, path === null, row[ETAG]) },
  }
}

/**
 * `donotbulkemail` is inverted: true = do not allow. Null, as imported rows have it, allows: the platform's default. A row
 * that is not readable is unknown, and nothing may be written.
 */
function toConsent(
  doNotBulkEmail: boolean | null | undefined,
  readable: boolean,
  etag = '',
): CrmConsent {
  const value = doNotBulkEmail === true ? 'deny' : 'allow'
  return {
    value: readable ? value : null,
    version: etag,
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
