import type { Queryable, Transaction } from '../db/database.js'

/** The right to reconcile one address, for as long as it is not overtaken. */
export interface Lease {
  readonly addressId: number
  readonly token: number
}

/** Longer than the longest call of a pass, so that a live owner never loses it while waiting for an answer. */
const LEASE_MS = 120_000

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
 * was overtaken stores nothing. Renews those of which half the time is gone.
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

/** Renews whatever this owner still holds. */
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

/** Gives leases back. Those that were overtaken stay with their new owner: the owner is new for every pass. */
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
