import type { Queryable } from './database.js'

/** The right to reconcile one address, for as long as it is not overtaken. */
export interface Lease {
  readonly addressId: number
  readonly token: number
}

/** Longer than the longest call of a pass, so that a live owner never loses it while waiting for an answer. */
export const LEASE_MS = 120_000

/**
 * Takes the leases that are free, in address order. A lease is a row's state, not a transaction held open across
 * calls: a dead owner's lease runs out, and its token no longer stores anything.
 * @returns those taken; the others are held by another pass.
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
 * Locks and returns the leases that still hold; part of every transaction that stores something, so that a pass which
 * was overtaken stores nothing. Renews them on the way.
 */
export async function confirmLeases(
  tx: Queryable,
  owner: string,
  leases: readonly Lease[],
): Promise<Set<number>> {
  const rows = await tx.query<{ addressId: number }>(
    `WITH held AS (
        SELECT a.address_id FROM addresses a
          JOIN unnest($2::bigint[], $3::bigint[]) AS l(address_id, token)
            ON a.address_id = l.address_id AND a.lease_token = l.token
          WHERE a.lease_owner = $1 AND a.lease_expires_at > clock_timestamp()
          ORDER BY a.address_id FOR UPDATE OF a)
      UPDATE addresses a SET lease_expires_at = clock_timestamp() + $4 * interval '1 millisecond'
      FROM held WHERE a.address_id = held.address_id RETURNING a.address_id AS "addressId"`,
    [owner, leases.map((l) => l.addressId), leases.map((l) => l.token), LEASE_MS],
  )
  return new Set(rows.map((row) => row.addressId))
}

/** Gives leases back. Those that were overtaken stay with their new owner. */
export async function releaseLeases(
  db: Queryable,
  owner: string,
  leases: readonly Lease[],
): Promise<void> {
  await db.query(
    `WITH held AS (
        SELECT a.address_id FROM addresses a
          JOIN unnest($2::bigint[], $3::bigint[]) AS l(address_id, token)
            ON a.address_id = l.address_id AND a.lease_token = l.token
          WHERE a.lease_owner = $1 ORDER BY a.address_id FOR UPDATE OF a)
      UPDATE addresses a SET lease_owner = NULL, lease_expires_at = NULL
      FROM held WHERE a.address_id = held.address_id`,
    [owner, leases.map((l) => l.addressId), leases.map((l) => l.token)],
  )
}
