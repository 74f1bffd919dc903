import { isDeny } from '../../domain/reconcile/index.js'
import type { Purpose } from '../../domain/legal-basis.js'
import { cellsOf, type CellRow } from './cells.js'
import { CONTACT_COLUMNS, type StoredCrmContact } from './crm-mirror-rows.js'
import type { Queryable, Transaction } from '../db/database.js'

/** Per purpose, the version of a withdrawal that has arrived on the other side. */
export type ArrivedVersions = Partial<Readonly<Record<Purpose, string>>>

/** An address that a record has as one in its other fields. */
export type SecondaryAddressLink = Pick<SecondaryAddress, 'crmContactId' | 'addressId' | 'denyOnly'>

/** A secondary address of a CRM record (C5), and which withdrawals have been taken over there and from there. */
export interface SecondaryAddress {
  readonly crmContactId: string
  readonly addressId: number
  /** It counts as a deny here, and nothing crosses (rules A, B8). */
  readonly denyOnly: boolean
  /** Versions of the record's withdrawals that eMarketeer's state of this address has taken over, in this epoch. */
  readonly arrived: ArrivedVersions
  /** Versions of eMarketeer's withdrawals at this address that the record has taken over, in this epoch. */
  readonly followed: ArrivedVersions
}

/** A live record that has the address as a further one, and the cells of its primary address. */
export interface SecondaryHolder extends SecondaryAddress {
  readonly contact: StoredCrmContact
  readonly primaryCells: readonly CellRow[]
}

/** A secondary address of a record, and eMarketeer's state there. */
export interface SecondaryAddressState extends SecondaryAddress {
  readonly unread: boolean
  readonly cells: readonly CellRow[]
}

/**
 * Purposes for which the record is withdrawn by somebody else than us, and eMarketeer's state of this secondary address
 * has not taken that over. Our own withdrawal came from eMarketeer or from another address and goes no further: else
 * one person's would run through everybody who shares an address with somebody who shares one.
 */
export function unarrivedDenies(
  consents: StoredCrmContact['consents'],
  arrived: ArrivedVersions,
): readonly Purpose[] {
  return (Object.keys(consents) as Purpose[]).filter((purpose) => {
    const consent = consents[purpose]!
    return isDeny(consent) && consent.lastWriter !== 'us' && arrived[purpose] !== consent.version
  })
}

/** What had crossed in an older epoch says nothing now: a restore may have taken it away again. */
const OTHER = `o.crm_contact_id AS "crmContactId", o.address_id AS "addressId", o.deny_only AS "denyOnly",
  CASE WHEN o.epoch = (SELECT epoch FROM connections WHERE connection_id = o.connection_id) THEN o.arrived ELSE '{}' END AS arrived,
  CASE WHEN o.epoch = (SELECT epoch FROM connections WHERE connection_id = o.connection_id) THEN o.followed ELSE '{}' END AS followed`

/** Further addresses of these records. */
export function secondaryAddressesOf(
  db: Queryable,
  connectionId: string,
  crmContactIds: readonly string[],
): Promise<SecondaryAddress[]> {
  return db.query<SecondaryAddress>(
    `SELECT ${OTHER} FROM crm_other_addresses o
      WHERE o.connection_id = $1 AND o.crm_contact_id = ANY($2) ORDER BY o.crm_contact_id, o.address_id`,
    [connectionId, crmContactIds],
  )
}

/** Live records that have one of these addresses as a further one. */
export async function secondaryHoldersAt(
  db: Queryable,
  addressIds: readonly number[],
): Promise<SecondaryHolder[]> {
  const links = await db.query<SecondaryAddress & { readonly connectionId: string }>(
    `SELECT ${OTHER}, o.connection_id AS "connectionId" FROM crm_other_addresses o WHERE o.address_id = ANY($1)`,
    [addressIds],
  )
  if (links.length === 0) {
    return []
  }
  const contacts = await db.query<StoredCrmContact>(
    `SELECT ${CONTACT_COLUMNS} FROM crm_contacts
      WHERE connection_id = $1 AND crm_contact_id = ANY($2) AND state = 'live'`,
    [links[0]!.connectionId, links.map((link) => link.crmContactId)],
  )
  const byId = new Map(contacts.map((contact) => [contact.crmContactId, contact]))
  const homes = [...new Set(contacts.map((c) => c.addressId).filter((id) => id !== null))]
  const cells = homes.length === 0 ? [] : await cellsOf(db, homes)
  return links.flatMap((link) => {
    const contact = byId.get(link.crmContactId)
    const primaryCells = cells.filter((cell) => cell.addressId === contact?.addressId)
    return contact ? [{ ...link, contact, primaryCells }] : []
  })
}

/** Further addresses of these records, as far as something crosses there, with eMarketeer's state. */
export async function secondaryAddressStatesOf(
  db: Queryable,
  connectionId: string,
  crmContactIds: readonly string[],
): Promise<SecondaryAddressState[]> {
  const links = await db.query<SecondaryAddress & { readonly unread: boolean }>(
    `SELECT ${OTHER}, a.emarketeer_unread AS unread FROM crm_other_addresses o JOIN addresses a USING (address_id)
      WHERE o.connection_id = $1 AND o.crm_contact_id = ANY($2) AND NOT o.deny_only`,
    [connectionId, crmContactIds],
  )
  if (links.length === 0) {
    return []
  }
  const cells = await cellsOf(db, [...new Set(links.map((link) => link.addressId))])
  return links.map((link) => ({
    ...link,
    cells: cells.filter((cell) => cell.addressId === link.addressId),
  }))
}

/** Further addresses of the live records at these addresses, as far as something crosses there. */
export async function secondaryIdsAt(
  db: Queryable,
  addressIds: readonly number[],
): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `SELECT DISTINCT o.address_id AS id FROM crm_contacts c
      JOIN crm_other_addresses o USING (connection_id, crm_contact_id)
      WHERE c.address_id = ANY($1) AND c.state = 'live' AND NOT o.deny_only`,
    [addressIds],
  )
  return rows.map((row) => row.id)
}

/** Makes these the secondary addresses of the records; what had arrived at those that stay is kept. */
export async function saveSecondaryAddresses(
  tx: Transaction,
  connectionId: string,
  crmContactIds: readonly string[],
  links: readonly SecondaryAddressLink[],
): Promise<void> {
  if (crmContactIds.length === 0) {
    return
  }
  const kept: Record<string, number[]> = {}
  for (const { crmContactId, addressId } of links) {
    ;(kept[crmContactId] ??= []).push(addressId)
  }
  await tx.query(
    `DELETE FROM crm_other_addresses WHERE connection_id = $1 AND crm_contact_id = ANY($2)
      AND NOT COALESCE($3::jsonb -> crm_contact_id @> to_jsonb(address_id), false)`,
    [connectionId, crmContactIds, JSON.stringify(kept)],
  )
  await tx.query(
    `INSERT INTO crm_other_addresses AS o (connection_id, crm_contact_id, address_id, deny_only)
      SELECT $1, l.* FROM unnest($2::text[], $3::bigint[], $4::boolean[]) AS l
      ON CONFLICT (connection_id, crm_contact_id, address_id) DO UPDATE SET deny_only = excluded.deny_only
        WHERE o.deny_only <> excluded.deny_only`,
    [
      connectionId,
      links.map((l) => l.crmContactId),
      links.map((l) => l.addressId),
      links.map((l) => l.denyOnly),
    ],
  )
}

/** A withdrawal that has crossed between a record and one of its secondary addresses. */
export interface Arrival {
  readonly direction: 'arrived' | 'followed'
  readonly crmContactId: string
  readonly addressId: number
  readonly purpose: Purpose
  readonly version: string
}

/** Notes that withdrawals have crossed: they are not passed on again, whatever comes later (C5, "once"). */
export async function noteArrivals(
  tx: Transaction,
  connectionId: string,
  arrivals: readonly Arrival[],
): Promise<void> {
  for (const { direction, crmContactId, addressId, purpose, version } of arrivals) {
    await tx.query(
      `UPDATE crm_other_addresses o SET epoch = c.epoch,
          arrived = CASE WHEN o.epoch = c.epoch THEN o.arrived ELSE '{}' END
            || CASE WHEN $6 = 'arrived' THEN jsonb_build_object($4::text, $5::text) ELSE '{}' END,
          followed = CASE WHEN o.epoch = c.epoch THEN o.followed ELSE '{}' END
            || CASE WHEN $6 = 'followed' THEN jsonb_build_object($4::text, $5::text) ELSE '{}' END
        FROM connections c
        WHERE c.connection_id = $1 AND o.connection_id = $1 AND o.crm_contact_id = $2 AND o.address_id = $3`,
      [connectionId, crmContactId, addressId, purpose, version, direction],
    )
  }
}
