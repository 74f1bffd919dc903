import type { CrmConsent, CrmContactState } from '../../crm/crm.js'
import { UNKNOWN_CATEGORY, UNKNOWN_CONTACT } from '../../domain/hidden-ids.js'
import type { Purpose } from '../../domain/legal-basis.js'
import type { Queryable, Transaction } from '../db/database.js'
import type { StoredLeftWith } from './taken-along.js'

/** A stored CRM contact. `deleted` exists only here: the CRM stops returning the contact. */
export interface StoredCrmContact {
  readonly crmContactId: string
  readonly addressId: number | null
  readonly state: CrmContactState | 'deleted'
  readonly mergedInto: string | null
  readonly registeredAtMs: number | null
  /** The address field holds something that links nobody (rule A). */
  readonly unusableAddress: boolean
  /** The CRM hides the primary address: `addressId` is the former one, null if it was never known (B8). */
  readonly addressHidden: boolean
  readonly consents: Partial<Readonly<Record<Purpose, CrmConsent>>>
  readonly readFrom: number
  readonly readTo: number
  /** The epoch of a pass's last observation; 0: none. `saveCrmContacts` does not write it. */
  readonly observedEpoch?: number
  /**
   * What the contact took along from its former cell, by purpose (taken-along.ts). `saveCrmContacts` does not write it.
   */
  readonly leftWith?: Partial<Readonly<Record<Purpose, StoredLeftWith>>> | null
}

/** A stored CRM subscription row. */
export interface StoredCrmSubscription {
  readonly rowId: string
  readonly crmContactId: string
  readonly categoryId: string | null
  readonly subscribed: boolean | null
  readonly version: string
  readonly foreign: boolean
  readonly readFrom: number
  readonly readTo: number
  /** See {@link StoredCrmContact.leftWith}. */
  readonly leftWith?: StoredLeftWith | null
}

/** As `SEEN` of cells.ts: JSON's null is no form in which anything is stored. */
const LEFT_WITH = `CASE WHEN left_with = 'null' THEN '[]' ELSE left_with END AS "leftWith"`

/** Columns of a {@link StoredCrmContact}. */
export const CONTACT_COLUMNS = `crm_contact_id AS "crmContactId", address_id AS "addressId", state, merged_into AS "mergedInto",
  registered_at_ms AS "registeredAtMs", unusable_address AS "unusableAddress", address_untold AS "addressHidden", consents, read_from AS "readFrom", read_to AS "readTo",
  observed_epoch AS "observedEpoch", ${LEFT_WITH}`
const SUBSCRIPTION = `row_id AS "rowId", crm_contact_id AS "crmContactId", category_id AS "categoryId", subscribed,
  version, is_foreign AS "foreign", read_from AS "readFrom", read_to AS "readTo", ${LEFT_WITH}`

/** Locks and returns the stored contacts with these ids, in id order. */
export function lockCrmContacts(
  tx: Transaction,
  connectionId: string,
  ids: readonly string[],
): Promise<StoredCrmContact[]> {
  return tx.query<StoredCrmContact>(
    `SELECT ${CONTACT_COLUMNS} FROM crm_contacts WHERE connection_id = $1 AND crm_contact_id = ANY($2)
      ORDER BY crm_contact_id FOR UPDATE`,
    [connectionId, ids],
  )
}

/** Locks and returns the stored subscription rows with these ids, in id order. */
export function lockCrmSubscriptions(
  tx: Transaction,
  connectionId: string,
  rowIds: readonly string[],
): Promise<StoredCrmSubscription[]> {
  return tx.query<StoredCrmSubscription>(
    `SELECT ${SUBSCRIPTION} FROM crm_subscriptions WHERE connection_id = $1 AND row_id = ANY($2)
      ORDER BY row_id FOR UPDATE`,
    [connectionId, rowIds],
  )
}

/** The stored contacts with these ids. */
export function crmContactsOf(
  db: Queryable,
  connectionId: string,
  ids: readonly string[],
): Promise<StoredCrmContact[]> {
  return db.query<StoredCrmContact>(
    `SELECT ${CONTACT_COLUMNS} FROM crm_contacts WHERE connection_id = $1 AND crm_contact_id = ANY($2)`,
    [connectionId, ids],
  )
}

/** The live contacts at these addresses, oldest first (C5). Ids are texts; numeric ones sort as numbers. */
export function liveCrmContactsAt(
  db: Queryable,
  addressIds: readonly number[],
): Promise<(StoredCrmContact & { addressId: number })[]> {
  return db.query(
    `SELECT ${CONTACT_COLUMNS} FROM crm_contacts WHERE address_id = ANY($1) AND state = 'live'
      ORDER BY registered_at_ms NULLS LAST, length(crm_contact_id), crm_contact_id`,
    [addressIds],
  )
}

/**
 * Whether a live record has an unknown primary address: it may be any person's (B8).
 * @param storeOnly only records with an answer on storeAndProcess, which is all that a transactional sendout asks for.
 */
export async function hasHiddenAddress(
  db: Queryable,
  connectionId: string,
  storeOnly: boolean,
): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM crm_contacts WHERE connection_id = $1 AND address_untold AND state = 'live'
      AND (NOT $2 OR consents ? 'storeAndProcess') LIMIT 1`,
    [connectionId, storeOnly],
  )
  return rows.length > 0
}

/** Live records without a known address: at most `limit`, chosen at random. */
export async function homelessCrmContacts(
  db: Queryable,
  connectionId: string,
  limit: number,
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT crm_contact_id AS id FROM crm_contacts WHERE connection_id = $1 AND address_untold AND state = 'live'
      AND address_id IS NULL ORDER BY random() LIMIT $2`,
    [connectionId, limit],
  )
  return rows.map((row) => row.id)
}

/**
 * Whether a subscription row does not name its contact: its No may be any person's.
 * @param categoryId the category asked for; a row of an unknown category may belong to it.
 */
export async function hasUnattributedRow(
  db: Queryable,
  connectionId: string,
  categoryId: string,
): Promise<boolean> {
  const rows = await db.query(
    `SELECT FROM crm_subscriptions WHERE connection_id = $1 AND crm_contact_id = $2 AND category_id = ANY($3) LIMIT 1`,
    [connectionId, UNKNOWN_CONTACT, [categoryId, UNKNOWN_CATEGORY]],
  )
  return rows.length > 0
}

/** Subscription rows of these contacts. */
export function crmSubscriptionsOf(
  db: Queryable,
  connectionId: string,
  crmContactIds: readonly string[],
): Promise<StoredCrmSubscription[]> {
  return db.query<StoredCrmSubscription>(
    `SELECT ${SUBSCRIPTION} FROM crm_subscriptions WHERE connection_id = $1 AND crm_contact_id = ANY($2)
      ORDER BY row_id`,
    [connectionId, crmContactIds],
  )
}

/** Inserts or replaces contacts. @returns the ids of those that existed. */
export async function saveCrmContacts(
  tx: Transaction,
  connectionId: string,
  contacts: readonly StoredCrmContact[],
): Promise<ReadonlySet<string>> {
  if (contacts.length === 0) {
    return new Set()
  }
  const saved = await tx.query<{ id: string; wasThere: boolean }>(
    `INSERT INTO crm_contacts (connection_id, crm_contact_id, address_id, state, merged_into, registered_at_ms,
        consents, read_from, read_to, unusable_address, address_untold)
      SELECT $1, c.* FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::jsonb[],
        $8::bigint[], $9::bigint[], $10::boolean[], $11::boolean[]) AS c
      ON CONFLICT (connection_id, crm_contact_id) DO UPDATE SET address_id = excluded.address_id,
        state = excluded.state, merged_into = excluded.merged_into, registered_at_ms = excluded.registered_at_ms,
        consents = excluded.consents, read_from = excluded.read_from, read_to = excluded.read_to,
        unusable_address = excluded.unusable_address, address_untold = excluded.address_untold
      RETURNING crm_contact_id AS id, xmax::text <> '0' AS "wasThere"`,
    [
      connectionId,
      contacts.map((c) => c.crmContactId),
      contacts.map((c) => c.addressId),
      contacts.map((c) => c.state),
      contacts.map((c) => c.mergedInto),
      contacts.map((c) => c.registeredAtMs),
      contacts.map((c) => JSON.stringify(c.consents)),
      contacts.map((c) => c.readFrom),
      contacts.map((c) => c.readTo),
      contacts.map((c) => c.unusableAddress),
      contacts.map((c) => c.addressHidden),
    ],
  )
  return new Set(saved.filter((row) => row.wasThere).map((row) => row.id))
}

/** Inserts or replaces subscription rows. */
export async function saveCrmSubscriptions(
  tx: Transaction,
  connectionId: string,
  rows: readonly StoredCrmSubscription[],
): Promise<void> {
  if (rows.length === 0) {
    return
  }
  await tx.query(
    `INSERT INTO crm_subscriptions (connection_id, row_id, crm_contact_id, category_id, subscribed, version,
        is_foreign, read_from, read_to)
      SELECT $1, s.* FROM unnest($2::text[], $3::text[], $4::text[], $5::boolean[], $6::text[], $7::boolean[],
        $8::bigint[], $9::bigint[]) AS s
      ON CONFLICT (connection_id, row_id) DO UPDATE SET crm_contact_id = excluded.crm_contact_id,
        category_id = excluded.category_id, subscribed = excluded.subscribed, version = excluded.version,
        is_foreign = excluded.is_foreign, read_from = excluded.read_from, read_to = excluded.read_to`,
    [
      connectionId,
      rows.map((r) => r.rowId),
      rows.map((r) => r.crmContactId),
      rows.map((r) => r.categoryId),
      rows.map((r) => r.subscribed),
      rows.map((r) => r.version),
      rows.map((r) => r.foreign),
      rows.map((r) => r.readFrom),
      rows.map((r) => r.readTo),
    ],
  )
}

/** Deletes subscription rows. @returns their contacts. */
export async function removeCrmSubscriptions(
  tx: Transaction,
  connectionId: string,
  rowIds: readonly string[],
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `DELETE FROM crm_subscriptions WHERE connection_id = $1 AND row_id = ANY($2) RETURNING crm_contact_id AS id`,
    [connectionId, rowIds],
  )
  return [...new Set(rows.map((row) => row.id))]
}

/** Notes that a pass of the current epoch has observed these records. */
export async function markObserved(
  tx: Transaction,
  connectionId: string,
  crmContactIds: readonly string[],
  epoch: number,
): Promise<void> {
  if (crmContactIds.length === 0) {
    return
  }
  await tx.query(
    `UPDATE crm_contacts SET observed_epoch = $3
      WHERE connection_id = $1 AND crm_contact_id = ANY($2) AND observed_epoch <> $3`,
    [connectionId, crmContactIds, epoch],
  )
}

/** The addresses of these contacts, primary and secondary. */
export async function addressesOfCrmContacts(
  db: Queryable,
  connectionId: string,
  crmContactIds: readonly string[],
): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `SELECT address_id AS id FROM crm_contacts
        WHERE connection_id = $1 AND crm_contact_id = ANY($2) AND address_id IS NOT NULL
      UNION SELECT address_id FROM crm_other_addresses WHERE connection_id = $1 AND crm_contact_id = ANY($2)`,
    [connectionId, crmContactIds],
  )
  return rows.map((row) => row.id)
}

/** The records at these addresses, primary or secondary, according to the copy. */
export async function crmContactsBelievedAt(
  db: Queryable,
  connectionId: string,
  addressIds: readonly number[],
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT crm_contact_id AS id FROM crm_contacts
        WHERE connection_id = $1 AND address_id = ANY($2) AND state <> 'deleted'
      UNION SELECT crm_contact_id FROM crm_other_addresses WHERE address_id = ANY($2)`,
    [connectionId, addressIds],
  )
  return rows.map((row) => row.id)
}

/**
 * Records, and owners of subscription rows, that no reading since a tick has returned, in order.
 * @param after the last id of the page before; null: the first page. @param limit most ids of a page.
 */
export function crmContactsNotReadSince(
  db: Queryable,
  connectionId: string,
  tick: number,
  after: string | null,
  limit: number,
): Promise<{ id: string }[]> {
  const isNext = `connection_id = $1 AND read_to < $2 AND ($3::text IS NULL OR crm_contact_id > $3)`
  return db.query(
    `(SELECT crm_contact_id AS id FROM crm_contacts WHERE ${isNext} AND state <> 'deleted' ORDER BY 1 LIMIT $4)
      UNION (SELECT DISTINCT crm_contact_id FROM crm_subscriptions WHERE ${isNext} ORDER BY 1 LIMIT $4)
      ORDER BY id LIMIT $4`,
    [connectionId, tick, after, limit],
  )
}

/** The known records of these subscription rows. */
export async function crmContactsOfRows(
  db: Queryable,
  connectionId: string,
  rowIds: readonly string[],
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT DISTINCT crm_contact_id AS id FROM crm_subscriptions WHERE connection_id = $1 AND row_id = ANY($2) AND crm_contact_id <> $3`,
    [connectionId, rowIds, UNKNOWN_CONTACT],
  )
  return rows.map((row) => row.id)
}

/** Counts the CRM's rows in the copy, records and subscriptions, and stops at `most`. */
export async function countCrmRows(
  db: Queryable,
  connectionId: string,
  most: number,
): Promise<number> {
  const [rows] = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM (
      SELECT FROM crm_contacts WHERE connection_id = $1
      UNION ALL SELECT FROM crm_subscriptions WHERE connection_id = $1 LIMIT $2) r`,
    [connectionId, most],
  )
  return rows?.count ?? 0
}

/**
 * Notes when the last live record left an address, and clears that time where one joined (G8).
 * @param linked addresses that both sides have had; nothing can end at others. A first sync has none.
 */
export async function markCrmEnded(tx: Transaction, linked: readonly number[]): Promise<void> {
  if (linked.length === 0) {
    return
  }
  // Scalar sub-queries with LIMIT use the index, one look-up per address. PostgreSQL would hash EXISTS inside CASE,
  // which reads the complete table per batch.
  await tx.query(
    `UPDATE addresses a SET crm_ended_at = n.ended_at
      FROM (SELECT t.address_id, CASE
            WHEN (SELECT true FROM crm_contacts c WHERE c.address_id = t.address_id AND c.state = 'live' LIMIT 1) THEN NULL
            WHEN (SELECT true FROM crm_other_addresses o WHERE o.address_id = t.address_id AND NOT o.deny_only LIMIT 1) THEN NULL
            ELSE COALESCE(t.crm_ended_at, clock_timestamp()) END AS ended_at
          FROM addresses t WHERE t.address_id = ANY($1)) n
      WHERE a.address_id = n.address_id AND a.crm_ended_at IS DISTINCT FROM n.ended_at`,
    [linked],
  )
}
