import type { FutureStamps } from '../../crm/crm.js'
import type { Queryable } from '../db/database.js'

/** Stores how far the CRM's clock is ahead of ours, measured now. */
export async function saveCrmClock(
  db: Queryable,
  connectionId: string,
  offsetMs: number,
): Promise<void> {
  await db.query(
    `UPDATE connections SET crm_clock_offset_ms = $2, crm_clock_measured_at = clock_timestamp()
      WHERE connection_id = $1`,
    [connectionId, Math.round(offsetMs)],
  )
}

/** The CRM's clock compared with ours. */
export interface CrmClock {
  readonly offsetMs: number
  readonly measuredAt: Date
}

/** The last measurement of the CRM's clock; null: none. */
export async function crmClockOf(db: Queryable, connectionId: string): Promise<CrmClock | null> {
  const [row] = await db.query<{ offsetMs: number | null; measuredAt: Date | null }>(
    `SELECT crm_clock_offset_ms AS "offsetMs", crm_clock_measured_at AS "measuredAt"
      FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  const { offsetMs = null, measuredAt = null } = row ?? {}
  return offsetMs === null || measuredAt === null ? null : { offsetMs, measuredAt }
}

/** Stores the future times that the last complete reading found; null: none. */
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

/** The future times that the last complete reading found; null: none, or the CRM is not read by times. */
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

/** Names of the categories that somebody added in the CRM, as last read (D3). They are ignored and reported. */
export async function foreignCategoriesOf(
  db: Queryable,
  connectionId: string,
): Promise<readonly string[]> {
  const [row] = await db.query<{ names: readonly string[] }>(
    `SELECT crm_foreign_categories AS names FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  return row?.names ?? []
}

export async function saveForeignCategories(
  db: Queryable,
  connectionId: string,
  names: readonly string[],
): Promise<void> {
  await db.query(
    `UPDATE connections SET crm_foreign_categories = $2::jsonb
      WHERE connection_id = $1 AND crm_foreign_categories <> $2::jsonb`,
    [connectionId, JSON.stringify(names)],
  )
}
