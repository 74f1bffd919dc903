import type { Queryable } from '../db/database.js'

/** Keeps how far the CRM's clock is ahead of ours, and when that was measured. */
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

/** How the CRM's clock stands to ours; null: never measured. */
export interface CrmClock {
  readonly offsetMs: number
  readonly measuredAt: Date
}

/** The last measurement of a connection's CRM clock. */
export async function crmClockOf(db: Queryable, connectionId: string): Promise<CrmClock | null> {
  const [row] = await db.query<{ offsetMs: number | null; measuredAt: Date | null }>(
    `SELECT crm_clock_offset_ms AS "offsetMs", crm_clock_measured_at AS "measuredAt"
      FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  const { offsetMs = null, measuredAt = null } = row ?? {}
  return offsetMs === null || measuredAt === null ? null : { offsetMs, measuredAt }
}
