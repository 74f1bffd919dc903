import type { Queryable } from '../db/database.js'

/** Records whose time in the CRM lies in the future. */
export interface FutureStamps {
  readonly count: number
  /** The first of them, the furthest ahead first; `at` ISO UTC. */
  readonly records: readonly { readonly contactId: string; readonly at: string }[]
}

/** Keeps what the last complete reading found; null: none. */
export async function saveFutureStamps(
  db: Queryable,
  connectionId: string,
  found: FutureStamps | null,
): Promise<void> {
  await db.query(
    `UPDATE connections SET crm_future_stamps = $2
      WHERE connection_id = $1 AND crm_future_stamps IS DISTINCT FROM $2`,
    [connectionId, found === null ? null : JSON.stringify(found)],
  )
}

/** What the last complete reading found; null: none, or the CRM is not read by times. */
export async function futureStampsOf(
  db: Queryable,
  connectionId: string,
): Promise<FutureStamps | null> {
  const [row] = await db.query<{ found: FutureStamps | null }>(
    `SELECT crm_future_stamps AS found FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  return row?.found ?? null
}
