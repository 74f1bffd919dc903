import type { Queryable, Transaction } from '../db/database.js'

/**
 * Ids of addresses, made where missing.
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
    await db.query(
      `INSERT INTO addresses (connection_id, address) SELECT $1, unnest($2::text[]) ON CONFLICT DO NOTHING`,
      [connectionId, missing],
    )
    for (const [address, id] of await findAddresses(db, connectionId, missing)) {
      known.set(address, id)
    }
  }
  return known
}

/** Ids of the addresses that are known. */
export async function findAddresses(
  db: Queryable,
  connectionId: string,
  addresses: readonly string[],
): Promise<Map<string, number>> {
  const rows = await db.query<{ address: string; id: number }>(
    `SELECT address, address_id AS id FROM addresses WHERE connection_id = $1 AND address = ANY($2)`,
    [connectionId, addresses],
  )
  return new Map(rows.map((row) => [row.address, row.id]))
}

/**
 * Marks addresses as work to do, and lets them go at once. The tick is taken once the row is locked: a pass that loaded
 * the address before this commits finds a later tick than the one it knows, and leaves the mark.
 */
export async function markDue(db: Queryable, addressIds: readonly number[]): Promise<void> {
  if (addressIds.length === 0) {
    return
  }
  await db.query(
    `WITH target AS (SELECT address_id FROM addresses WHERE address_id = ANY($1) ORDER BY address_id FOR UPDATE)
      UPDATE addresses a SET dirty_tick = nextval('ledger_tick'),
        dirty_since = COALESCE(a.dirty_since, clock_timestamp()), not_before = NULL, attempts = 0
      FROM target t WHERE a.address_id = t.address_id`,
    [[...new Set(addressIds)]],
  )
}

/** One address that waits for a pass. */
export interface DueAddress {
  readonly addressId: number
  readonly dirtyTick: number
}

/** The addresses that became due last, newest first: what a webhook has just brought. */
export function selectNewestDue(
  db: Queryable,
  connectionId: string,
  limit: number,
): Promise<DueAddress[]> {
  return db.query<DueAddress>(
    `SELECT address_id AS "addressId", dirty_tick AS "dirtyTick" FROM addresses
      WHERE connection_id = $1 AND dirty_tick IS NOT NULL
        AND (not_before IS NULL OR not_before <= clock_timestamp())
      ORDER BY dirty_tick DESC LIMIT $2`,
    [connectionId, limit],
  )
}

/** A stretch of due work: everything marked up to a tick, in order, from a place on. */
export interface DueRange {
  readonly upTo: number
  readonly after: DueAddress | null
}

/** Addresses due for a pass within a range, oldest change first. */
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
export function dueMarks(db: Queryable, addressIds: readonly number[]): Promise<DueAddress[]> {
  return db.query<DueAddress>(
    `SELECT address_id AS "addressId", dirty_tick AS "dirtyTick" FROM addresses
      WHERE address_id = ANY($1) AND dirty_tick IS NOT NULL`,
    [addressIds],
  )
}

/**
 * Marks addresses that are not marked yet, because a decision of theirs is about to be written: should the pass die, the
 * next run finishes it. @returns all their marks.
 */
export async function ensureDue(
  tx: Transaction,
  addressIds: readonly number[],
): Promise<DueAddress[]> {
  await tx.query(
    `UPDATE addresses SET dirty_tick = nextval('ledger_tick'), dirty_since = clock_timestamp()
      WHERE address_id = ANY($1) AND dirty_tick IS NULL`,
    [addressIds],
  )
  return dueMarks(tx, addressIds)
}

/** Has addresses looked at again after a while, though nothing of theirs has changed. One marked already is due as it is. */
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

/** Clears the mark where nothing was marked again since it was loaded. */
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

/** Leaves addresses for tomorrow: the day's budget of rows is spent (D3). A change marks them due at once again. */
export async function deferToTomorrow(db: Queryable, addressIds: readonly number[]): Promise<void> {
  await db.query(
    `UPDATE addresses SET not_before = current_date + 1 WHERE address_id = ANY($1) AND dirty_tick IS NOT NULL`,
    [addressIds],
  )
}

/** Puts addresses off after a pass that could not finish them: 5 s, doubling, at most 30 minutes. */
export async function deferDue(db: Queryable, addressIds: readonly number[]): Promise<void> {
  await db.query(
    `UPDATE addresses SET attempts = attempts + 1,
        not_before = clock_timestamp() + LEAST(interval '30 minutes', interval '5 seconds' * power(2, LEAST(attempts, 10)))
      WHERE address_id = ANY($1) AND dirty_tick IS NOT NULL`,
    [addressIds],
  )
}

/** How many addresses of a connection wait for a pass. */
export async function countDue(db: Queryable, connectionId: string): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM addresses WHERE connection_id = $1 AND dirty_tick IS NOT NULL`,
    [connectionId],
  )
  return rows[0]?.count ?? 0
}
