import type { Queryable, Transaction } from '../db/database.js'

/** Counts the leases that have not expired: on addresses, and on walks over all of eMarketeer. */
export async function countLiveLeases(db: Queryable): Promise<number> {
  const [row] = await db.query<{ count: number }>(
    `SELECT (SELECT count(*) FROM addresses WHERE lease_expires_at > clock_timestamp())
        + (SELECT count(*) FROM connections WHERE emarketeer_load_expires_at > clock_timestamp()) AS count`,
  )
  return row!.count
}

/**
 * Begins a new epoch for every connection: earlier observations prove nothing, and everything is read again
 * (docs/ledger.md, "Restoring a backup"). @returns their ids.
 */
export async function raiseEpochs(tx: Transaction): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `UPDATE connections SET epoch = epoch + 1, emarketeer_cursor = NULL, crm_cursor = NULL, crm_walk_after = NULL,
        crm_walked_at = NULL, emarketeer_proven_tick = 0, crm_proven_tick = 0, emarketeer_load_token = NULL,
        emarketeer_load_expires_at = NULL, updated_at = now()
      RETURNING connection_id AS id`,
  )
  await tx.query(
    `UPDATE addresses SET lease_owner = NULL, lease_expires_at = NULL, lease_token = lease_token + 1`,
  )
  return rows.map(({ id }) => id).sort()
}
