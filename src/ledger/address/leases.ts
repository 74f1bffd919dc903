import type { Queryable, Transaction } from '../db/database.js'

/** The right to sync one address, until it expires. */
export interface Lease {
  readonly addressId: number
  readonly token: number
}

/** Longer than the longest call of a pass, so that an owner that waits for a call keeps the lease. */
const LEASE_MS = 120_000

/**
 * Takes the free leases among these, in address order. A lease is state of a row, not an open transaction: the lease of
 * a dead owner expires, and its token then stores nothing.
 * @returns the leases taken; other passes hold the rest.
 */
export function acquireLeases(
  db: Queryable,
  owner: string,
  addressIds: readonly number[],
): Promise<Lease[]> {
  return db.query<Lease>(
    `WITH free AS (
        SELECT address_id FROM addresses
          WHERE address_id = ANY($2) AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())
          ORDER BY address_id FOR UPDATE SKIP LOCKED)
      UPDATE addresses a SET lease_owner = $1, lease_token = a.lease_token + 1,
        lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond'
      FROM free WHERE a.address_id = free.address_id
      RETURNING a.address_id AS "addressId", a.lease_token AS token`,
    [owner, addressIds, LEASE_MS],
  )
}

/**
 * Locks the leases that still hold. Every transaction that stores something calls it, so that a pass without its lease
 * stores nothing. Renews leases past half their time.
 */
export async function confirmLeases(
  tx: Transaction,
  owner: string,
  leases: readonly Lease[],
): Promise<Set<number>> {
  const ids = leases.map((l) => l.addressId)
  const rows = await tx.query<Lease & { leftMs: number }>(
    `SELECT address_id AS "addressId", lease_token AS token,
        extract(epoch FROM lease_expires_at - clock_timestamp())::float8 * 1000 AS "leftMs"
      FROM addresses WHERE address_id = ANY($1) AND lease_owner = $2 AND lease_expires_at > clock_timestamp()
      ORDER BY address_id FOR UPDATE`,
    [ids, owner],
  )
  const tokens = new Map(leases.map((l) => [l.addressId, l.token]))
  const leased = rows.filter((row) => tokens.get(row.addressId) === row.token)
  const ending = leased.filter((row) => row.leftMs < LEASE_MS / 2)
  if (ending.length > 0) {
    await tx.query(
      `UPDATE addresses SET lease_expires_at = clock_timestamp() + $2 * interval '1 millisecond'
        WHERE address_id = ANY($1)`,
      [ending.map((row) => row.addressId), LEASE_MS],
    )
  }
  return new Set(leased.map((row) => row.addressId))
}

/** Renews the leases that this owner still holds. */
export async function renewLeases(
  db: Queryable,
  owner: string,
  addressIds: readonly number[],
): Promise<void> {
  await db.query(
    `UPDATE addresses SET lease_expires_at = clock_timestamp() + $3 * interval '1 millisecond'
      WHERE address_id = ANY($1) AND lease_owner = $2 AND lease_expires_at > clock_timestamp()`,
    [addressIds, owner, LEASE_MS],
  )
}

/** Releases leases. A lease that another owner has taken over is not changed. */
export async function releaseLeases(
  db: Queryable,
  owner: string,
  leases: readonly Lease[],
): Promise<void> {
  await db.query(
    `WITH held AS (SELECT address_id FROM addresses WHERE address_id = ANY($2) AND lease_owner = $1
        ORDER BY address_id FOR UPDATE)
      UPDATE addresses SET lease_owner = NULL, lease_expires_at = NULL
      WHERE address_id IN (SELECT address_id FROM held)`,
    [owner, leases.map((l) => l.addressId)],
  )
}

/** Counts the leases that have not expired: on addresses, and on walks over all of eMarketeer. */
export async function countLiveLeases(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT (SELECT count(*) FROM addresses WHERE lease_expires_at > clock_timestamp())
        + (SELECT count(*) FROM connections WHERE emarketeer_load_expires_at > clock_timestamp()) AS count`,
  )
  return row!.count
}
