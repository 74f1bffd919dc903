import type { Queryable } from '../db/database.js'

/** The two systems a connection reads from. */
export type Side = 'emarketeer' | 'crm'

/** A cursor's move: stored only if nobody else moved it meanwhile. */
export interface CursorMove {
  readonly connectionId: string
  readonly side: Side
  readonly expected: string | null
  readonly next: string
  /**
   * Tick taken before the reading began, when the reading was complete up to the present: everything at rest then is
   * proven as of that tick. null: more is to come.
   */
  readonly provenTick: number | null
  /** When that reading began. */
  readonly provenAt: Date
}

/**
 * Moves a change cursor, and with it the moment up to which our copy is proven. Conditional on the cursor that was
 * read from: two readers may fetch the same page, only one of them stores it.
 * @returns false when somebody else was faster; the page must then be dropped.
 */
export async function moveCursor(db: Queryable, move: CursorMove): Promise<boolean> {
  const side = move.side
  const rows = await db.query(
    `UPDATE connections SET ${side}_cursor = $3,
        ${side}_proven_at = CASE WHEN $4::bigint > ${side}_proven_tick THEN $5 ELSE ${side}_proven_at END,
        ${side}_proven_tick = GREATEST(${side}_proven_tick, COALESCE($4, 0))
      WHERE connection_id = $1 AND ${side}_cursor IS NOT DISTINCT FROM $2 RETURNING 1`,
    [move.connectionId, move.expected, move.next, move.provenTick, move.provenAt],
  )
  return rows.length > 0
}

/** Forgets the CRM's cursor, whichever it is: the next reading starts from nothing. */
export async function dropCrmCursor(db: Queryable, connectionId: string): Promise<void> {
  await db.query(
    `UPDATE connections SET crm_cursor = NULL WHERE connection_id = $1 AND crm_cursor IS NOT NULL`,
    [connectionId],
  )
}

/** Forgets a cursor that the system no longer knows; the next reading starts from nothing. */
export async function dropCursor(
  db: Queryable,
  connectionId: string,
  side: Side,
  expected: string,
): Promise<void> {
  await db.query(
    `UPDATE connections SET ${side}_cursor = NULL WHERE connection_id = $1 AND ${side}_cursor = $2`,
    [connectionId, expected],
  )
}
