import type { Queryable, Transaction } from '../db/database.js'

/** An address with its own state. */
export interface AddressRow {
  readonly addressId: number
  readonly address: string
  readonly dirtyTick: number | null
  readonly emarketeerUnread: boolean
  readonly emarketeerMovedTick: number
  readonly crmReadFrom: number
  readonly crmReadTo: number
  readonly crmDoubtful: boolean
  readonly everLinked: boolean
  readonly everInEmarketeer: boolean
  readonly crmEndedAtMs: number | null
  /** The lowest id of an eMarketeer contact with this address; null: there is none. */
  readonly emarketeerContactId: string | null
  /** eMarketeer has several spellings, each with its own state. Nothing is synced here. */
  readonly emarketeerSpelledTwice: boolean
}

const SELECT = `SELECT a.address_id AS "addressId", a.address, a.dirty_tick AS "dirtyTick",
    a.emarketeer_unread AS "emarketeerUnread", a.emarketeer_moved_tick AS "emarketeerMovedTick",
    a.crm_read_from AS "crmReadFrom", a.crm_read_to AS "crmReadTo", a.crm_doubtful_tick IS NOT NULL AS "crmDoubtful",
    a.ever_linked AS "everLinked", a.ever_in_emarketeer AS "everInEmarketeer", extract(epoch FROM a.crm_ended_at)::float8 * 1000 AS "crmEndedAtMs",
    e.contact_id AS "emarketeerContactId",
    (SELECT true FROM emarketeer_contacts s WHERE s.address_id = a.address_id AND s.spelling IS NOT NULL LIMIT 1) IS NOT NULL
      AND (SELECT count(DISTINCT COALESCE(s.spelling, '')) > 1 FROM emarketeer_contacts s WHERE s.address_id = a.address_id) AS "emarketeerSpelledTwice"
  FROM addresses a
  LEFT JOIN LATERAL (SELECT contact_id FROM emarketeer_contacts c WHERE c.address_id = a.address_id
    ORDER BY length(contact_id), contact_id LIMIT 1) e ON true`

/** Addresses by id. */
export function addressRows(db: Queryable, addressIds: readonly number[]): Promise<AddressRow[]> {
  return db.query<AddressRow>(`${SELECT} WHERE a.address_id = ANY($1) ORDER BY a.address_id`, [
    addressIds,
  ])
}

/** The addresses among these whose eMarketeer state is unknown. */
export function unreadAddressRows(
  db: Queryable,
  addressIds: readonly number[],
): Promise<AddressRow[]> {
  return db.query<AddressRow>(
    `${SELECT} WHERE a.address_id = ANY($1) AND a.emarketeer_unread ORDER BY a.address_id`,
    [addressIds],
  )
}

/** Texts of addresses: keys, and the texts of eMarketeer address fields that hold no key. */
export async function addressTexts(
  db: Queryable,
  addressIds: readonly number[],
): Promise<string[]> {
  const rows = await db.query<{ address: string }>(
    'SELECT address FROM addresses WHERE address_id = ANY($1) ORDER BY address_id',
    [addressIds],
  )
  return rows.map((row) => row.address)
}

/** An address by its key, or null. */
export async function findAddressRow(
  db: Queryable,
  connectionId: string,
  address: string,
): Promise<AddressRow | null> {
  const rows = await db.query<AddressRow>(
    `${SELECT} WHERE a.connection_id = $1 AND a.address = $2`,
    [connectionId, address],
  )
  return rows[0] ?? null
}

/**
 * Notes that every CRM record at these addresses was read directly within the window. This clears only doubt from
 * before the reading. Later doubt, perhaps from this very reading, needs another one.
 */
export async function markCrmRead(
  tx: Transaction,
  addressIds: readonly number[],
  window: { readonly from: number; readonly to: number },
): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  await tx.query(
    `WITH target AS (SELECT address_id FROM addresses WHERE address_id = ANY($1) ORDER BY address_id FOR UPDATE)
      UPDATE addresses a SET crm_read_from = GREATEST(a.crm_read_from, $2),
        crm_read_to = GREATEST(a.crm_read_to, $3),
        crm_doubtful_tick = CASE WHEN a.crm_doubtful_tick < $2 THEN NULL ELSE a.crm_doubtful_tick END
      FROM target t WHERE a.address_id = t.address_id`,
    [addressIds, window.from, window.to],
  )
}

/** Notes that both sides have had these addresses. */
export async function markLinked(tx: Transaction, addressIds: readonly number[]): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  await tx.query(
    `UPDATE addresses SET ever_linked = true WHERE address_id = ANY($1) AND NOT ever_linked`,
    [addressIds],
  )
}

/** Notes that the CRM's state at these addresses is unknown until it is read directly. */
export async function markCrmDoubtful(
  tx: Transaction,
  addressIds: readonly number[],
): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  await tx.query(
    `WITH target AS (SELECT address_id FROM addresses WHERE address_id = ANY($1) ORDER BY address_id FOR UPDATE)
      UPDATE addresses a SET crm_doubtful_tick = nextval('ledger_tick')
      FROM target t WHERE a.address_id = t.address_id`,
    [addressIds],
  )
}

/**
 * Whether eMarketeer's feed has moved each of these addresses since a tick, by address. It locks all of them, so that
 * the feed cannot move one before the reading is stored.
 */
export async function lockMoves(
  tx: Transaction,
  connectionId: string,
  addresses: readonly string[],
  tick: number,
): Promise<Map<string, boolean>> {
  const rows = await tx.query<{ address: string; moved: boolean }>(
    `SELECT address, emarketeer_moved_tick >= $3 AS moved FROM addresses
      WHERE connection_id = $1 AND address = ANY($2) ORDER BY address_id FOR UPDATE`,
    [connectionId, addresses, tick],
  )
  return new Map(rows.map((row) => [row.address, row.moved]))
}

/** Addresses above an id, in order: among these, or, for null, among all that were ever linked. */
export async function addressesAfter(
  db: Queryable,
  connectionId: string,
  after: number,
  addressIds: readonly number[] | null,
  limit: number,
): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `SELECT address_id AS id FROM addresses WHERE connection_id = $1 AND address_id > $2
        AND ($3::bigint[] IS NOT NULL OR ever_linked) AND ($3::bigint[] IS NULL OR address_id = ANY($3))
      ORDER BY address_id LIMIT $4`,
    [connectionId, after, addressIds, limit],
  )
  return rows.map((row) => row.id)
}
