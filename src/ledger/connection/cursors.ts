import type { Queryable, Transaction } from '../db/database.js'
import { AppError } from '../../contracts/app-error.js'

/** The two systems a connection reads from. */
export type Side = 'emarketeer' | 'crm'

/** A cursor's move. It is stored only if nobody has moved the cursor meanwhile. */
interface CursorMove {
  readonly connectionId: string
  readonly side: Side
  readonly expected: string | null
  readonly next: string
  /** The tick before a reading up to the present; the copy is proven up to this tick. null: more pages follow. */
  readonly provenTick: number | null
  readonly provenAt: Date
}

/**
 * Moves a change cursor, and the moment up to which the copy is proven. Of two readers of the same page, one stores it.
 * @returns false: another reader was faster; drop the page.
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

/** Whether a row without an owner remains, from this reading or an earlier one. A listing finds all of them. */
const UNATTRIBUTED = '($6 OR ($2::text IS NOT NULL AND crm_untold))'

/**
 * Moves the cursor after a reading of the CRM's changes, as {@link moveCursor} does.
 * @param read `unattributed`: a row did not name its owner. Until a listing is free of such rows, only records that are
 * read directly are proven.
 * @returns null: another reader was faster; `complete`: no such row remains.
 */
export async function moveCrmCursor(
  db: Queryable,
  read: Omit<CursorMove, 'side'> & { readonly provenTick: number; readonly unattributed: boolean },
): Promise<{ readonly complete: boolean } | null> {
  const [row] = await db.query<{ complete: boolean }>(
    `UPDATE connections SET crm_cursor = $3, crm_untold = ${UNATTRIBUTED},
        crm_relisted_at = CASE WHEN $6 AND $2::text IS NULL THEN clock_timestamp() ELSE crm_relisted_at END,
        crm_proven_at = CASE WHEN $4 > crm_proven_tick AND ($2::text IS NULL OR NOT ${UNATTRIBUTED}) THEN $5 ELSE crm_proven_at END,
        crm_proven_tick = CASE WHEN ${UNATTRIBUTED} THEN crm_proven_tick ELSE GREATEST(crm_proven_tick, $4::bigint) END
      WHERE connection_id = $1 AND crm_cursor IS NOT DISTINCT FROM $2 RETURNING NOT crm_untold AS complete`,
    [
      read.connectionId,
      read.expected,
      read.next,
      read.provenTick,
      read.provenAt,
      read.unattributed,
    ],
  )
  return row ?? null
}

/**
 * Drops the CRM's cursor if a row without an owner remains, so that everything is listed: at most once a day, because
 * such rows may come again.
 * @returns whether the cursor was dropped.
 */
export async function beginRelisting(db: Queryable, connectionId: string): Promise<boolean> {
  const rows = await db.query(
    `UPDATE connections SET crm_cursor = NULL, crm_relisted_at = clock_timestamp()
      WHERE connection_id = $1 AND crm_untold AND crm_cursor IS NOT NULL
        AND (crm_relisted_at IS NULL OR crm_relisted_at < clock_timestamp() - interval '1 day') RETURNING 1`,
    [connectionId],
  )
  return rows.length > 0
}

/** Drops the CRM's cursor: the next reading has no starting point and lists everything. */
export async function dropCrmCursor(db: Queryable, connectionId: string): Promise<void> {
  await db.query(
    `UPDATE connections SET crm_cursor = NULL WHERE connection_id = $1 AND crm_cursor IS NOT NULL`,
    [connectionId],
  )
}

/** Drops a cursor that the system no longer knows. The next reading has no starting point and reads everything. */
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

/** A loader that has been silent for longer is dead. */
const SILENCE = `interval '90 seconds'`

/**
 * Claims the load of eMarketeer's complete state. @returns false: another loader has the claim, or the load is done.
 */
export async function startLoad(
  db: Queryable,
  connectionId: string,
  token: string,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE connections SET emarketeer_load_token = $2,
        emarketeer_load_expires_at = clock_timestamp() + ${SILENCE}
      WHERE connection_id = $1 AND emarketeer_cursor IS NULL
        AND (emarketeer_load_expires_at IS NULL OR emarketeer_load_expires_at < clock_timestamp())
      RETURNING 1`,
    [connectionId, token],
  )
  return rows.length > 0
}

/**
 * Confirms the claim in each page's transaction, so that a loader that lost it stores nothing.
 * @throws AppError `lease_lost`, retryable.
 */
export async function continueLoad(
  tx: Transaction,
  connectionId: string,
  token: string,
): Promise<void> {
  const rows = await tx.query(
    `UPDATE connections SET emarketeer_load_expires_at = clock_timestamp() + ${SILENCE}
      WHERE connection_id = $1 AND emarketeer_load_token = $2 AND emarketeer_cursor IS NULL RETURNING 1`,
    [connectionId, token],
  )
  if (rows.length === 0) {
    throw new AppError('lease_lost', 'Another reader loads eMarketeer now.')
  }
}

export async function endLoad(db: Queryable, connectionId: string, token: string): Promise<void> {
  await db.query(
    `UPDATE connections SET emarketeer_load_token = NULL, emarketeer_load_expires_at = NULL
      WHERE connection_id = $1 AND emarketeer_load_token = $2`,
    [connectionId, token],
  )
}
