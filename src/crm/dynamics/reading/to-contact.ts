import type { z } from 'zod'
import { type CallContext, readRecords } from '../../../http/index.js'
import type { CrmConsent, CrmContact, CrmContactState } from '../../crm.js'
import { isGuid } from '../wire/odata.js'
import {
  ADDRESS_COLUMNS,
  contactRow,
  ETAG,
  isReadable,
  type RawRow,
  VITAL_COLUMNS,
} from './rows.js'

const [PRIMARY, ...OTHERS] = ADDRESS_COLUMNS
const MASTER = '_masterid_value'

/** The addresses in a row, as far as readable. */
export function addressesIn(raw: RawRow): readonly string[] {
  return ADDRESS_COLUMNS.flatMap((column) => {
    const email = raw[column]
    return typeof email === 'string' ? [email] : []
  })
}

/** Whether all address columns of a row are readable. */
export function hasAllAddresses(raw: RawRow): boolean {
  return ADDRESS_COLUMNS.every((column) => isReadable(raw, column))
}

/** Converts a row; null if it has no GUID as id, and so is nobody's. A row that lacks something vital is unreadable. */
export function toContact(raw: RawRow, context?: CallContext): CrmContact | null {
  const [row] = readRecords(contactRow, [raw], context)
  if (row === undefined) {
    return null
  }
  const state = stateOf(row)
  const masterId = isGuid(row[MASTER]) ? row[MASTER].toLowerCase() : null
  // A merged record passes its deny on to the master, so it stays at its address until the master is known.
  const isAstray = state === 'merged' && masterId === null
  const path =
    VITAL_COLUMNS.find((column) => !isReadable(raw, column)) ??
    (row[ETAG] === undefined ? ETAG : isAstray ? MASTER : null)
  if (path !== null) {
    context?.onUnreadable?.({ operation: contactRow.operation, path, id: row.contactid })
  }
  const createdMs = row.createdon ? Date.parse(row.createdon) : Number.NaN
  return {
    contactId: row.contactid.toLowerCase(),
    email: row.emailaddress1 ?? null,
    ...(isReadable(raw, PRIMARY) ? {} : { emailUnreadable: true }),
    ...(OTHERS.every((name) => isReadable(raw, name)) ? {} : { otherEmailsUnreadable: true }),
    otherEmails: [],
    denyOnlyEmails: [row.emailaddress2, row.emailaddress3].flatMap((email) => email ?? []),
    state: isAstray ? 'live' : state,
    mergedInto: masterId,
    registeredAtMs: Number.isNaN(createdMs) ? null : createdMs,
    consents: { marketingSendouts: toConsent(row.donotbulkemail, path === null, row[ETAG]) },
  }
}

/**
 * `donotbulkemail` is inverted: true = do not allow. Null, as imported rows have it, allows: the platform's default. An
 * unreadable row is unknown and never written.
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
    // Only the audit knows who changed this column; modifiedby is about the row.
    lastWriter: 'unknown',
  }
}

/** An inactive record with a master was merged, even if its flag is unreadable. */
function stateOf({
  merged,
  statecode,
  [MASTER]: masterId,
}: z.output<typeof contactRow.schema>): CrmContactState {
  if ((statecode ?? 0) === 0 && merged !== true) {
    return 'live'
  }
  return (merged ?? isGuid(masterId)) ? 'merged' : 'deactivated'
}
