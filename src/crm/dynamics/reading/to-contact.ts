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

/** What a row holds in its columns of addresses, as far as it tells. */
export function addressesIn(raw: RawRow): readonly string[] {
  return ADDRESS_COLUMNS.flatMap((column) => {
    const email = raw[column]
    return typeof email === 'string' ? [email] : []
  })
}

/** Whether a row tells all of its columns of addresses. */
export function hasAllAddresses(raw: RawRow): boolean {
  return ADDRESS_COLUMNS.every((column) => isReadable(raw, column))
}

/**
 * A contact as the rest of the system knows it; null where the row has no GUID for an id, and so is nobody's. One of which
 * something vital is not told is told to be unreadable.
 */
export function toContact(raw: RawRow, context?: CallContext): CrmContact | null {
  const [row] = readRecords(contactRow, [raw], context)
  if (row === undefined) {
    return null
  }
  const state = stateOf(row)
  const masterId = isGuid(row[MASTER]) ? row[MASTER].toLowerCase() : null
  // What was merged away passes its deny on to the master: it stays where it was until that is told.
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

/** Where it is not told whether an inactive record was merged, its master tells. */
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
