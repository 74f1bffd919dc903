import { isDeny } from '../../domain/reconcile/index.js'
import type { Purpose } from '../../domain/legal-basis.js'
import { cellsOf, type CellRow } from './cells.js'
import { CONTACT_COLUMNS, type StoredCrmContact } from './crm-mirror-rows.js'
import type { Queryable, Transaction } from '../db/database.js'

/** Version of a withdrawal that has arrived on the other side, by purpose. */
export type ArrivedVersions = Partial<Readonly<Record<Purpose, string>>>

/** An address in another field of a record than its primary address. */
export type SecondaryAddressLink = Pick<SecondaryAddress, 'crmContactId' | 'addressId' | 'denyOnly'>

/** A secondary address of a CRM record (C5), and the withdrawals that have crossed between them. */
export interface SecondaryAddress {
  readonly crmContactId: string
  readonly addressId: number
  /** Only a deny counts at this address, and nothing is synced (rules A, B8). */
  readonly denyOnly: boolean
  /** The record's withdrawals that eMarketeer has taken over at this address, in this epoch. */
  readonly arrived: ArrivedVersions
  /** eMarketeer's withdrawals at this address that the record has taken over, in this epoch. */
  readonly followed: ArrivedVersions
}

/** A live record with this secondary address, and the cells of its primary address. */
export interface SecondaryHolder extends SecondaryAddress {
  readonly contact: StoredCrmContact
  readonly primaryCells: readonly CellRow[]
}

/** A secondary address of a record, with eMarketeer's state there. */
export interface SecondaryAddressState extends SecondaryAddress {
  readonly unread: boolean
  readonly cells: readonly CellRow[]
}

/**
 * The purposes that someone other than us has withdrawn on the record, and that eMarketeer has not taken over at this
 * secondary address. Our own withdrawal came from eMarketeer or another address and is not passed on: otherwise one
 * person's withdrawal would reach everybody who is linked by shared addresses.
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

/** A crossing in an older epoch proves nothing: a restore may have undone it. */
const OTHER = `o.crm_contact_id AS "crmContactId", o.address_id AS "addressId", o.deny_only AS "denyOnly",
  CASE WHEN o.epoch = (SELECT epoch FROM connections WHERE connection_id = o.connection_id) THEN o.arrived ELSE '{}' END AS arrived,
  CASE WHEN o.epoch = (SELECT epoch FROM connections WHERE connection_id = o.connection_id) THEN o.followed ELSE '{}' END AS followed`

/** The secondary addresses of these records. */
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

/** The live records that have one of these as a secondary address. */
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

/** The secondary addresses of these records that denies cross, with eMarketeer's state. */
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

/** The secondary addresses, crossed by denies, of the live records at these addresses. */
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

/** Replaces the secondary addresses of the records. Those that stay keep what has crossed. */
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

/** A withdrawal that crossed between a record and a secondary address. */
export interface Arrival {
  readonly direction: 'arrived' | 'followed'
  readonly crmContactId: string
  readonly addressId: number
  readonly purpose: Purpose
  readonly version: string
}

/** Notes withdrawals that have crossed, so that they are never passed on again (C5, "once"). */
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
