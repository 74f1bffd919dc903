import { addressKey } from '../../domain/email-address.js'
import type { Queryable } from '../db/database.js'
import { spelledTwice } from './emarketeer-mirror.js'

/** Records of one side whose address field links nobody; their denies count all the same (rule A). */
export interface UnusableRecords {
  readonly count: number
  /** The first of them, by id. */
  readonly contactIds: readonly string[]
}

/** On both sides. In eMarketeer also contacts of one address in several spellings. */
export interface UnusableAddresses {
  readonly crm: UnusableRecords
  readonly emarketeer: UnusableRecords
}

/** More are only counted. */
const MAX_NAMED = 20

/** Counts and names records whose address field holds something that links nobody: for `connection show`. */
export async function unusableAddresses(
  db: Queryable,
  connectionId: string,
): Promise<UnusableAddresses> {
  const inCrm = await db.query<{ id: string }>(
    `SELECT crm_contact_id AS id FROM crm_contacts
      WHERE connection_id = $1 AND unusable_address AND state = 'live' ORDER BY length(crm_contact_id), 1`,
    [connectionId],
  )
  const spelled = await db.query<{ id: string; addressId: number; address: string }>(
    `SELECT e.contact_id AS id, e.address_id AS "addressId", a.address
      FROM emarketeer_contacts e JOIN addresses a USING (address_id)
      WHERE e.connection_id = $1 AND e.spelling IS NOT NULL ORDER BY length(e.contact_id), 1`,
    [connectionId],
  )
  const twice = await spelledTwice(
    db,
    spelled.map((contact) => contact.addressId),
  )
  const inEmarketeer = spelled.filter(
    ({ address, addressId }) => addressKey(address) === null || twice.has(addressId),
  )
  return { crm: named(inCrm), emarketeer: named(inEmarketeer) }
}

function named(records: readonly { readonly id: string }[]): UnusableRecords {
  return {
    count: records.length,
    contactIds: records.slice(0, MAX_NAMED).map((record) => record.id),
  }
}
