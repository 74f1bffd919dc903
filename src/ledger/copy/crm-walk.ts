import type { Queryable } from '../db/database.js'

/** Position of the walk over a connection's addresses (docs/sync.md, "The daily walk"). */
export interface CrmWalk {
  /** The last address read; null: no round is in progress. */
  readonly after: number | null
  readonly done: number
  /** Age of this round in ms; 0: no round is in progress. */
  readonly elapsedMs: number
  /** End of the last complete round; null: none yet, so that the next round reads all addresses without pacing. */
  readonly walkedAt: Date | null
  /** Number of addresses that eMarketeer knew when the round began. */
  readonly total: number
}

const COUNT = `SELECT count(DISTINCT address_id) FROM emarketeer_contacts e WHERE e.connection_id = c.connection_id`

/** Counts the addresses only if no round ever did: it takes seconds at a million, and each sweep asks. */
export async function crmWalkOf(db: Queryable, connectionId: string): Promise<CrmWalk> {
  const [row] = await db.query<CrmWalk>(
    `SELECT crm_walk_after AS after, crm_walk_done AS done, crm_walked_at AS "walkedAt",
        COALESCE(extract(epoch FROM clock_timestamp() - crm_walk_began_at), 0)::float8 * 1000 AS "elapsedMs",
        COALESCE(crm_walk_total, (${COUNT})) AS total
      FROM connections c WHERE connection_id = $1`,
    [connectionId],
  )
  return row!
}

/** Begins a round, unless one is in progress. */
export async function beginCrmWalk(db: Queryable, connectionId: string): Promise<void> {
  await db.query(
    `UPDATE connections c SET crm_walk_after = 0, crm_walk_done = 0, crm_walk_began_at = clock_timestamp(),
        crm_walk_total = (${COUNT})
      WHERE connection_id = $1 AND crm_walk_after IS NULL`,
    [connectionId],
  )
}

/** The next addresses of a round, in order. */
export async function nextToWalk(
  db: Queryable,
  connectionId: string,
  after: number,
  limit: number,
): Promise<number[]> {
  const rows = await db.query<{ id: number }>(
    `SELECT address_id AS id FROM addresses a WHERE connection_id = $1 AND address_id > $2
        AND EXISTS (SELECT FROM emarketeer_contacts e WHERE e.address_id = a.address_id)
      ORDER BY address_id LIMIT $3`,
    [connectionId, after, limit],
  )
  return rows.map((row) => row.id)
}

/**
 * Moves a round on from a position. Of two walkers, one continues.
 * @param move `read`: how many addresses were read; `to` null: the round is complete.
 * @returns false: another walker has moved it.
 */
export async function moveCrmWalk(
  db: Queryable,
  connectionId: string,
  move: { readonly from: number; readonly to: number | null; readonly read: number },
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE connections SET crm_walk_after = $3, crm_walk_done = crm_walk_done + $4,
        crm_walked_at = CASE WHEN $3::bigint IS NULL THEN clock_timestamp() ELSE crm_walked_at END
      WHERE connection_id = $1 AND crm_walk_after = $2 RETURNING 1`,
    [connectionId, move.from, move.to, move.read],
  )
  return rows.length > 0
}

/** Makes the next walk read all addresses without pacing, because the CRM's changes may have a gap. */
export async function restartCrmWalk(db: Queryable, connectionId: string): Promise<void> {
  await db.query(
    `UPDATE connections SET crm_walk_after = NULL, crm_walked_at = NULL WHERE connection_id = $1`,
    [connectionId],
  )
}
