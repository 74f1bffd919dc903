import type { Queryable, Transaction } from '../db/database.js'

/**
 * The ids of addresses; creates the missing ones.
 * @param addresses keys, or texts that hold none; without repeats.
 * @returns address → id, complete.
 */
export async function ensureAddresses(
  db: Queryable,
  connectionId: string,
  addresses: readonly string[],
): Promise<Map<string, number>> {
  if (addresses.length === 0) {
    return new Map()
  }
  // Sorted, so that two writers insert in the same order and never deadlock.
  const sorted = [...new Set(addresses)].sort()
  const known = await findAddresses(db, connectionId, sorted)
  const missing = sorted.filter((address) => !known.has(address))
  if (missing.length > 0) {
    const created = await db.query<{ address: string; id: number }>(
      `INSERT INTO addresses (connection_id, address) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING
        RETURNING address, address_id AS id`,
      [connectionId, missing],
    )
    created.forEach(({ address, id }) => known.set(address, id))
    // Another writer may have created some in the meantime.
    const others = missing.filter((address) => !known.has(address))
    for (const [address, id] of await findAddresses(db, connectionId, others)) {
      known.set(address, id)
    }
  }
  return known
}

/** The ids of the known ones among these addresses. */
export async function findAddresses(
  db: Queryable,
  connectionId: string,
  addresses: readonly string[],
): Promise<Map<string, number>> {
  if (addresses.length === 0) {
    return new Map()
  }
  const rows = await db.query<{ address: string; id: number }>(
    `SELECT address, address_id AS id FROM addresses WHERE connection_id = $1 AND address = ANY($2)`,
    [connectionId, addresses],
  )
  return new Map(rows.map((row) => [row.address, row.id]))
}

/**
 * Marks addresses as due now. It takes the tick under the row lock: a pass that loaded the address earlier finds a tick
 * later than the one it loaded, and keeps the mark.
 * @returns those that both sides have had.
 */
export async function markDue(
  db: Queryable,
  addressIds: readonly number[],
  { keepsMarks = false }: MarkOptions = {},
): Promise<number[]> {
  if (addressIds.length === 0) {
    return []
  }
  const linked = await db.query<{ id: number }>(
    `WITH target AS (SELECT address_id, ever_linked, $2 AND dirty_tick IS NOT NULL AND not_before IS NULL
          AND lease_owner IS NULL AS waits
        FROM addresses WHERE address_id = ANY($1) ORDER BY address_id FOR UPDATE),
      marked AS (UPDATE addresses a SET dirty_tick = nextval('ledger_tick'),
        dirty_since = COALESCE(a.dirty_since, clock_timestamp()), not_before = NULL, attempts = 0
      FROM target t WHERE a.address_id = t.address_id AND NOT t.waits)
      SELECT address_id AS id FROM target WHERE ever_linked`,
    [[...new Set(addressIds)], keepsMarks],
  )
  return linked.map((row) => row.id)
}

/** How addresses are marked. */
interface MarkOptions {
  /**
   * Whether an address that is due and waits for nothing keeps its mark. No pass has loaded that mark, because a pass
   * holds the lease. For a listing, which concerns everybody: a new mark would also tell which change is the newest.
   */
  readonly keepsMarks?: boolean
}

/** An address that waits for a pass. */
export interface DueAddress {
  readonly addressId: number
  readonly dirtyTick: number
}

/** How many of the newest marks are looked at for each address wanted. */
const MARKS_PER_ADDRESS = 20

/**
 * The addresses that became due last, newest first: the changes that a webhook has just reported. It reads only the
 * newest marks: after a first sync, a hundred thousand addresses may wait for tomorrow's budget of rows, and each change
 * would read all of them. The sweep finds the older ones.
 */
export function selectNewestDue(
  db: Queryable,
  connectionId: string,
  limit: number,
): Promise<DueAddress[]> {
  return db.query<DueAddress>(
    `SELECT address_id AS "addressId", dirty_tick AS "dirtyTick" FROM (
        SELECT address_id, dirty_tick, not_before FROM addresses
          WHERE connection_id = $1 AND dirty_tick IS NOT NULL ORDER BY dirty_tick DESC LIMIT $3) newest
      WHERE not_before IS NULL OR not_before <= clock_timestamp() ORDER BY dirty_tick DESC LIMIT $2`,
    [connectionId, limit, limit * MARKS_PER_ADDRESS],
  )
}

/** A range of due addresses: those marked up to a tick, after a position. */
export interface DueRange {
  readonly upTo: number
  readonly after: DueAddress | null
}

/** The due addresses within a range, oldest change first. */
export function selectDueRange(
  db: Queryable,
  connectionId: string,
  range: DueRange,
  limit: number,
): Promise<DueAddress[]> {
  return db.query<DueAddress>(
    `SELECT address_id AS "addressId", dirty_tick AS "dirtyTick" FROM addresses
      WHERE connection_id = $1 AND dirty_tick <= $2 AND (dirty_tick, address_id) > ($3, $4)
        AND (not_before IS NULL OR not_before <= clock_timestamp())
      ORDER BY dirty_tick, address_id LIMIT $5`,
    [connectionId, range.upTo, range.after?.dirtyTick ?? 0, range.after?.addressId ?? 0, limit],
  )
}

/** The marks of these addresses. */
export async function dueMarks(
  db: Queryable,
  addressIds: readonly number[],
): Promise<DueAddress[]> {
  if (addressIds.length === 0) {
    return []
  }
  return db.query<DueAddress>(
    `SELECT address_id AS "addressId", dirty_tick AS "dirtyTick" FROM addresses
      WHERE address_id = ANY($1) AND dirty_tick IS NOT NULL`,
    [addressIds],
  )
}

/**
 * Marks addresses as due before their decisions are written: if the pass dies, the next run finishes them.
 * @returns the new marks. An existing mark is not replaced: either the caller loaded it, or it belongs to a later change
 *   that the decision has not seen.
 */
export async function ensureDue(
  tx: Transaction,
  addressIds: readonly number[],
): Promise<DueAddress[]> {
  if (addressIds.length === 0) {
    return []
  }
  return tx.query<DueAddress>(
    `UPDATE addresses SET dirty_tick = nextval('ledger_tick'), dirty_since = clock_timestamp()
      WHERE address_id = ANY($1) AND dirty_tick IS NULL
      RETURNING address_id AS "addressId", dirty_tick AS "dirtyTick"`,
    [addressIds],
  )
}

/** Makes unmarked addresses due after a delay, without a change. */
export async function dueLater(
  db: Queryable,
  addressIds: readonly number[],
  afterMs: number,
): Promise<void> {
  await db.query(
    `UPDATE addresses SET dirty_tick = nextval('ledger_tick'), dirty_since = clock_timestamp(),
        not_before = clock_timestamp() + $2 * interval '1 millisecond'
      WHERE address_id = ANY($1) AND dirty_tick IS NULL`,
    [addressIds, afterMs],
  )
}

/** Clears the marks that are not newer than the loaded ones. */
export async function clearDue(db: Queryable, done: readonly DueAddress[]): Promise<void> {
  if (done.length === 0) {
    return
  }
  await db.query(
    `UPDATE addresses a SET dirty_tick = NULL, dirty_since = NULL, not_before = NULL, attempts = 0
      FROM unnest($1::bigint[], $2::bigint[]) AS d(address_id, tick)
      WHERE a.address_id = d.address_id AND a.dirty_tick <= d.tick`,
    [done.map((d) => d.addressId), done.map((d) => d.dirtyTick)],
  )
}

/**
 * Defers addresses until tomorrow, because the day's budget of rows is used up (D3). A change makes them due
 * immediately.
 */
export async function deferToTomorrow(db: Queryable, addressIds: readonly number[]): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  await db.query(
    `UPDATE addresses SET not_before = current_date + 1 WHERE address_id = ANY($1) AND dirty_tick IS NOT NULL`,
    [addressIds],
  )
}

/** Defers addresses after an unfinished pass: 5 s, doubling, up to 30 minutes. */
export async function deferDue(db: Queryable, addressIds: readonly number[]): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  await db.query(
    `UPDATE addresses SET attempts = attempts + 1,
        not_before = clock_timestamp() + LEAST(interval '30 minutes', interval '5 seconds' * power(2, LEAST(attempts, 10)))
      WHERE address_id = ANY($1) AND dirty_tick IS NOT NULL`,
    [addressIds],
  )
}

export async function countDue(db: Queryable, connectionId: string): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM addresses WHERE connection_id = $1 AND dirty_tick IS NOT NULL`,
    [connectionId],
  )
  return rows[0]?.count ?? 0
}
