import type { CellKey } from '../../domain/cell-key.js'
import type { LegalBasis } from '../../domain/legal-basis.js'
import { markDue } from '../address/addresses.js'
import type { Queryable, Transaction } from '../db/database.js'
import { WITHOUT_VALUE } from './cells.js'

/** eMarketeer's value of one cell, from its feed or from a state. */
export interface EmarketeerValue {
  readonly addressId: number
  readonly cellKey: CellKey
  /**
   * `unreadable`: a basis that this release does not know. It is never written, and the send gate excludes the address.
   */
  readonly basis: LegalBasis | 'unreadable'
  readonly version: number
  readonly eventAtMs: number | null
  readonly recordedAtMs: number | null
  readonly source: string | null
  /** The actor: `type` or `type:id`. */
  readonly actor: string | null
  /**
   * A person's last positive act, by the earlier of event and recording time; null: none (our own write, a default).
   */
  readonly positiveActMs: number | null
  /** A person's last deny, by the later of event and recording time; null: none. */
  readonly denyActMs: number | null
}

const UNNEST = `unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::float8[], $6::float8[], $7::text[],
  $8::text[], $9::float8[], $10::float8[])
  AS v(address_id, cell_key, basis, version, event_ms, recorded_ms, source, actor, positive_ms, deny_ms)`

/** How values are stored. */
interface ValueOptions {
  /** Whether any other version counts, not only a later one. */
  readonly replace: boolean
  readonly markDue: boolean
  /** Whether they are of states that were read: the state of a changed address is then known, and it has a contact. */
  readonly areStates?: boolean
}

/**
 * Stores values in the copy. An equal or lower version changes nothing, so that feed, states and acknowledgements may
 * arrive in any order. `replace` (a state that was read because it was unknown) takes any version.
 *
 * Keeps a person's latest act of either kind (docs/reconciliation.md, stored facts), and marks changed addresses as
 * moved.
 */
export async function upsertEmarketeerValues(
  tx: Transaction,
  values: readonly EmarketeerValue[],
  options: ValueOptions,
): Promise<void> {
  if (values.length === 0) {
    return
  }
  const sorted = [...values].sort(
    (a, b) => a.addressId - b.addressId || (a.cellKey < b.cellKey ? -1 : 1),
  )
  const changed = await tx.query<{ id: number }>(
    `INSERT INTO cells (address_id, cell_key, emarketeer_basis, emarketeer_version, emarketeer_event_at,
        emarketeer_recorded_at, emarketeer_source, emarketeer_actor, last_positive_act_ms, last_deny_act_ms)
      SELECT address_id, cell_key, basis, version, to_timestamp(event_ms / 1000), to_timestamp(recorded_ms / 1000),
        source, actor, positive_ms, deny_ms
      FROM ${UNNEST}
      ON CONFLICT (address_id, cell_key) DO UPDATE SET
        emarketeer_basis = excluded.emarketeer_basis, emarketeer_version = excluded.emarketeer_version,
        emarketeer_event_at = excluded.emarketeer_event_at,
        emarketeer_recorded_at = excluded.emarketeer_recorded_at,
        emarketeer_source = excluded.emarketeer_source, emarketeer_actor = excluded.emarketeer_actor,
        last_positive_act_ms = GREATEST(cells.last_positive_act_ms, excluded.last_positive_act_ms),
        last_deny_act_ms = GREATEST(cells.last_deny_act_ms, excluded.last_deny_act_ms)
      WHERE excluded.emarketeer_version > cells.emarketeer_version
        OR ($11 AND (excluded.emarketeer_version, excluded.emarketeer_basis)
          IS DISTINCT FROM (cells.emarketeer_version, cells.emarketeer_basis))
      RETURNING address_id AS id`,
    [
      sorted.map((v) => v.addressId),
      sorted.map((v) => v.cellKey),
      sorted.map((v) => v.basis),
      sorted.map((v) => v.version),
      sorted.map((v) => v.eventAtMs),
      sorted.map((v) => v.recordedAtMs),
      sorted.map((v) => v.source),
      sorted.map((v) => v.actor),
      sorted.map((v) => v.positiveActMs),
      sorted.map((v) => v.denyActMs),
      options.replace,
    ],
  )
  await markMoved(tx, [...new Set(changed.map((row) => row.id))], options)
}

/**
 * Notes that eMarketeer's state of these addresses changed, at ticks taken under the row locks. If one of them is a
 * record's secondary address, that record's primary address is due as well: a withdrawal follows it there (C5).
 */
async function markMoved(
  tx: Transaction,
  addressIds: readonly number[],
  { markDue: isDue, areStates = false }: Pick<ValueOptions, 'markDue' | 'areStates'>,
): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  await tx.query(
    `WITH target AS (SELECT address_id FROM addresses WHERE address_id = ANY($1) ORDER BY address_id FOR UPDATE)
      UPDATE addresses a SET emarketeer_moved_tick = nextval('ledger_tick'),
        dirty_tick = CASE WHEN $2 THEN nextval('ledger_tick') ELSE a.dirty_tick END,
        dirty_since = CASE WHEN $2 THEN COALESCE(a.dirty_since, clock_timestamp()) ELSE a.dirty_since END,
        not_before = CASE WHEN $2 THEN NULL ELSE a.not_before END,
        attempts = CASE WHEN $2 THEN 0 ELSE a.attempts END,
        emarketeer_unread = a.emarketeer_unread AND NOT $3, emarketeer_unreadable = a.emarketeer_unreadable AND NOT $3,
        ever_in_emarketeer = a.ever_in_emarketeer OR $3
      FROM target t WHERE a.address_id = t.address_id`,
    [addressIds, isDue, areStates],
  )
  if (isDue) {
    await markDue(tx, await homesOfHolders(tx, addressIds))
  }
}

async function homesOfHolders(tx: Transaction, addressIds: readonly number[]): Promise<number[]> {
  const rows = await tx.query<{ id: number }>(
    `SELECT DISTINCT c.address_id AS id FROM crm_other_addresses o
      JOIN crm_contacts c USING (connection_id, crm_contact_id)
      WHERE o.address_id = ANY($1) AND NOT o.deny_only AND c.state = 'live' AND c.address_id IS NOT NULL`,
    [addressIds],
  )
  return rows.map((row) => row.id)
}

/** An eMarketeer contact and its address; null: none. */
export interface EmarketeerContactRow {
  readonly contactId: string
  readonly addressId: number | null
  /** eMarketeer's spelling, if it differs from the row's text; else null. */
  readonly spelling: string | null
}

/** Stores the addresses of contacts. {@link markEverInEmarketeer} follows. */
export async function saveEmarketeerContacts(
  tx: Transaction,
  connectionId: string,
  contacts: readonly EmarketeerContactRow[],
  tick: number,
): Promise<void> {
  if (contacts.length === 0) {
    return
  }
  const unique = [...new Map(contacts.map((c) => [c.contactId, c])).values()].sort((a, b) =>
    a.contactId < b.contactId ? -1 : 1,
  )
  await tx.query(
    `INSERT INTO emarketeer_contacts (connection_id, contact_id, address_id, spelling, read_tick)
      SELECT $1, c.contact_id, c.address_id, c.spelling, $5
      FROM unnest($2::text[], $3::bigint[], $4::text[]) AS c(contact_id, address_id, spelling)
      ON CONFLICT (connection_id, contact_id) DO UPDATE
        SET address_id = excluded.address_id, spelling = excluded.spelling, read_tick = excluded.read_tick`,
    [
      connectionId,
      unique.map((c) => c.contactId),
      unique.map((c) => c.addressId),
      unique.map((c) => c.spelling),
      tick,
    ],
  )
}

/** Notes that eMarketeer has had a contact at these addresses. */
export async function markEverInEmarketeer(
  tx: Transaction,
  addressIds: readonly number[],
): Promise<void> {
  await tx.query(
    `UPDATE addresses SET ever_in_emarketeer = true WHERE address_id = ANY($1) AND NOT ever_in_emarketeer`,
    [addressIds],
  )
}

/**
 * Adds unknown contacts that a sendout targets, because the contacts of an account without a CRM are not listed. Known
 * ones stay, because the feed may have moved them.
 */
export async function addSpelledContacts(
  tx: Transaction,
  connectionId: string,
  contacts: readonly {
    readonly contactId: string
    readonly addressId: number
    readonly spelling: string
  }[],
): Promise<void> {
  if (contacts.length === 0) {
    return
  }
  const added = await tx.query<{ id: number }>(
    `INSERT INTO emarketeer_contacts (connection_id, contact_id, address_id, spelling)
      SELECT $1, c.* FROM unnest($2::text[], $3::bigint[], $4::text[]) AS c ORDER BY 2
      ON CONFLICT DO NOTHING RETURNING address_id AS id`,
    [
      connectionId,
      contacts.map((c) => c.contactId),
      contacts.map((c) => c.addressId),
      contacts.map((c) => c.spelling),
    ],
  )
  await markEmarketeerUnread(tx, [...new Set(added.map((row) => row.id))])
}

/** The contacts at these addresses that eMarketeer does not find by the row's text. They are read by id. */
export async function spelledContactsAt(
  db: Queryable,
  addressIds: readonly number[],
): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    `SELECT contact_id AS id FROM emarketeer_contacts WHERE address_id = ANY($1) AND spelling IS NOT NULL`,
    [addressIds],
  )
  return rows.map((row) => row.id)
}

/**
 * The connection's contacts with a spelling of their own, in order.
 * @param after the last id of the page before; null: the first page. @param limit most contacts of a page.
 */
export function spelledAfter(
  db: Queryable,
  connectionId: string,
  after: string | null,
  limit: number,
): Promise<{ id: string; addressId: number; address: string }[]> {
  return db.query(
    `SELECT e.contact_id AS id, e.address_id AS "addressId", a.address
      FROM emarketeer_contacts e JOIN addresses a USING (address_id)
      WHERE e.connection_id = $1 AND e.spelling IS NOT NULL AND ($2::text IS NULL OR e.contact_id > $2)
      ORDER BY e.contact_id LIMIT $3`,
    [connectionId, after, limit],
  )
}

/**
 * The addresses among these with several spellings in eMarketeer. Each spelling is an address of its own there, so that
 * no single change shows all states.
 */
export async function spelledTwice(
  db: Queryable,
  addressIds: readonly number[],
): Promise<ReadonlySet<number>> {
  if (addressIds.length === 0) {
    return new Set()
  }
  const rows = await db.query<{ id: number }>(
    `SELECT address_id AS id FROM emarketeer_contacts
      WHERE address_id IN (SELECT address_id FROM emarketeer_contacts WHERE address_id = ANY($1) AND spelling IS NOT NULL)
      GROUP BY 1 HAVING count(DISTINCT COALESCE(spelling, '')) > 1`,
    [addressIds],
  )
  return new Set(rows.map((row) => row.id))
}

/** Removes deleted contacts. @returns their addresses. */
export async function removeEmarketeerContacts(
  tx: Transaction,
  connectionId: string,
  contactIds: readonly string[],
): Promise<number[]> {
  if (contactIds.length === 0) {
    return []
  }
  const rows = await tx.query<{ id: number }>(
    `DELETE FROM emarketeer_contacts WHERE connection_id = $1 AND contact_id = ANY($2) AND address_id IS NOT NULL
      RETURNING address_id AS id`,
    [connectionId, contactIds],
  )
  return [...new Set(rows.map((row) => row.id))]
}

/**
 * Marks the eMarketeer state of these addresses as unknown until it is read. Until then observations prove nothing
 * (F5).
 */
export async function markEmarketeerUnread(
  tx: Transaction,
  addressIds: readonly number[],
): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  await tx.query(`UPDATE addresses SET emarketeer_unread = true WHERE address_id = ANY($1)`, [
    addressIds,
  ])
  await markMoved(tx, addressIds, { markDue: true })
}

/** Notes that the unread ones among these addresses cannot be read. A status reports them until they can. */
export async function markEmarketeerUnreadable(
  tx: Queryable,
  addressIds: readonly number[],
): Promise<void> {
  await tx.query(
    `UPDATE addresses SET emarketeer_unreadable = true
      WHERE address_id = ANY($1) AND emarketeer_unread AND NOT emarketeer_unreadable`,
    [addressIds],
  )
}

/** Marks all of eMarketeer's state as unknown, because anything may have changed after a lost cursor. */
export async function markAllEmarketeerUnread(
  tx: Transaction,
  connectionId: string,
): Promise<void> {
  await tx.query(
    `UPDATE addresses SET emarketeer_unread = true, emarketeer_moved_tick = nextval('ledger_tick'),
        dirty_tick = nextval('ledger_tick'), dirty_since = COALESCE(dirty_since, clock_timestamp()),
        not_before = NULL
      WHERE connection_id = $1`,
    [connectionId],
  )
}

/** Marks the eMarketeer state of these addresses as known. */
export async function markEmarketeerRead(
  tx: Transaction,
  addressIds: readonly number[],
): Promise<void> {
  await tx.query(
    `UPDATE addresses SET emarketeer_unread = false, emarketeer_unreadable = false
      WHERE address_id = ANY($1) AND emarketeer_unread`,
    [addressIds],
  )
}

/**
 * Clears eMarketeer's values at addresses that no contact in eMarketeer has. The rule's memory stays: only the ledger
 * knows of a deny whose record left, and of our writes in progress (F5). Versions may begin again, so the stored
 * observation gets one that never occurs: whatever returns has moved. eMarketeer suppresses a withdrawn purpose, which
 * settles its denies, but it forgets a No.
 */
async function clearEmarketeerState(tx: Transaction, addressIds: readonly number[]): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  await tx.query(
    `UPDATE cells SET emarketeer_basis = 'none', emarketeer_version = ${WITHOUT_VALUE}, emarketeer_event_at = NULL,
        emarketeer_recorded_at = NULL, emarketeer_source = NULL, emarketeer_actor = NULL, last_positive_act_ms = NULL,
        last_deny_act_ms = NULL,
        seen = seen || CASE WHEN cell_key LIKE 'category:%' THEN '{"version": ${WITHOUT_VALUE}, "basis": "none"}'::jsonb
          ELSE '{"version": ${WITHOUT_VALUE}}' END
      WHERE address_id = ANY($1)`,
    [addressIds],
  )
}

/**
 * The contacts that a complete walk from `tick` did not return, in order. They are read again before they count as
 * deleted.
 * @param after the last id of the page before; null: the first page. @param limit most ids of a page.
 */
export function contactsNotWalked(
  db: Queryable,
  connectionId: string,
  tick: number,
  after: string | null,
  limit: number,
): Promise<{ id: string }[]> {
  return db.query(
    `SELECT contact_id AS id FROM emarketeer_contacts
      WHERE connection_id = $1 AND read_tick < $2 AND ($3::text IS NULL OR contact_id > $3)
      ORDER BY contact_id LIMIT $4`,
    [connectionId, tick, after, limit],
  )
}

/** The known addresses of these eMarketeer contacts. */
export async function addressesOfEmarketeerContacts(
  db: Queryable,
  connectionId: string,
  contactIds: readonly string[],
): Promise<number[]> {
  const ids = (await addressesOfContacts(db, connectionId, contactIds)).values()
  return [...new Set([...ids].filter((id) => id !== null))]
}

/** The current address by contact; null: no usable one. */
export async function addressesOfContacts(
  db: Queryable,
  connectionId: string,
  contactIds: readonly string[],
): Promise<Map<string, number | null>> {
  if (contactIds.length === 0) {
    return new Map()
  }
  const rows = await db.query<{ contactId: string; addressId: number | null }>(
    `SELECT contact_id AS "contactId", address_id AS "addressId" FROM emarketeer_contacts
      WHERE connection_id = $1 AND contact_id = ANY($2)`,
    [connectionId, contactIds],
  )
  return new Map(rows.map((row) => [row.contactId, row.addressId]))
}

/** Removes contacts, values and doubt of addresses that no contact in eMarketeer has. */
export async function endEmarketeerLinks(
  tx: Transaction,
  connectionId: string,
  addressIds: readonly number[],
): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  const contacts = await tx.query<{ id: string }>(
    `SELECT contact_id AS id FROM emarketeer_contacts WHERE address_id = ANY($1)`,
    [addressIds],
  )
  await removeEmarketeerContacts(
    tx,
    connectionId,
    contacts.map((contact) => contact.id),
  )
  await clearEmarketeerState(tx, addressIds)
  await markEmarketeerRead(tx, addressIds)
}
