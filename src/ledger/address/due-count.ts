import type { Queryable } from '../db/database.js'

/** How many addresses of a connection wait for a pass. */
export async function countDue(db: Queryable, connectionId: string): Promise<number> {
  const rows = await db.query<{ count: number }>(
    `SELECT count(*) AS count FROM addresses WHERE connection_id = $1 AND dirty_tick IS NOT NULL`,
    [connectionId],
  )
  return rows[0]?.count ?? 0
}
