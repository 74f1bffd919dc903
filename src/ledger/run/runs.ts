import type { CellKey } from '../../domain/cell-key.js'
import { LINES_OVER_NO_DENY } from '../../domain/reconcile/index.js'
import type { RuleLine } from '../../domain/reconcile/types.js'
import type { Trigger } from '../../contracts/names.js'
import type { Queryable, Transaction } from '../db/database.js'

/** A run of the sync, within which newly mailable contacts are counted (rule F4). */
export interface SyncRun {
  readonly runId: string
  readonly connectionId: string
  readonly trigger: Trigger
  readonly workflowId: string
}

/** Notes that a run is alive; called with each of its passes. */
export async function openRun(db: Queryable, run: SyncRun): Promise<void> {
  await db.query(
    `INSERT INTO sync_runs (run_id, connection_id, tier, workflow_id) VALUES ($1, $2, $3, $4)
      ON CONFLICT (run_id) DO UPDATE SET last_seen_at = clock_timestamp()`,
    [run.runId, run.connectionId, run.trigger, run.workflowId],
  )
}

/** A waiting loosening. */
export interface Loosening {
  readonly addressId: number
  readonly cellKey: CellKey
  readonly line: RuleLine
}

/**
 * Stages a run's loosenings. A held or decided one keeps its state. One that another live run staged stays with that
 * run: a webhook must not release in hundreds what a sweep would hold.
 */
export async function stageLoosenings(
  tx: Transaction,
  run: SyncRun,
  loosenings: readonly Loosening[],
): Promise<void> {
  if (loosenings.length === 0) {
    return
  }
  await tx.query(
    `INSERT INTO loosenings (address_id, cell_key, connection_id, run_id, line, state)
      SELECT l.address_id, l.cell_key, $1, $2, l.line, 'staged'
      FROM unnest($3::bigint[], $4::text[], $5::text[]) AS l(address_id, cell_key, line)
      ON CONFLICT (address_id, cell_key) DO UPDATE SET run_id = excluded.run_id, line = excluded.line
        WHERE loosenings.state = 'staged' AND EXISTS (SELECT FROM sync_runs r WHERE r.run_id = loosenings.run_id
          AND (r.ended_at IS NOT NULL OR r.last_seen_at < clock_timestamp() - interval '5 minutes'))`,
    [
      run.connectionId,
      run.runId,
      loosenings.map((l) => l.addressId),
      loosenings.map((l) => l.cellKey),
      loosenings.map((l) => l.line),
    ],
  )
}

/**
 * Settles the loosenings that a run staged. Up to `limit` newly mailable addresses of the run are released; if there
 * are more, all staged ones are held for one approval.
 * @returns the addresses to sync again with the loosenings applied.
 */
export async function settleLoosenings(
  tx: Transaction,
  runId: string,
  limit: number,
): Promise<{ released: number[]; held: number }> {
  const [run] = await tx.query<{ released: number }>(
    `SELECT released FROM sync_runs WHERE run_id = $1 FOR UPDATE`,
    [runId],
  )
  const room = limit - (run?.released ?? 0)
  const rows = await tx.query<{ id: number }>(
    `SELECT DISTINCT address_id AS id FROM loosenings WHERE run_id = $1 AND state = 'staged' LIMIT $2`,
    [runId, Math.max(0, room + 1)],
  )
  if (rows.length > room) {
    const [held] = await tx.query<{ count: number }>(
      `WITH held AS (UPDATE loosenings SET state = 'held' WHERE run_id = $1 AND state = 'staged' RETURNING address_id)
        SELECT count(DISTINCT address_id) AS count FROM held`,
      [runId],
    )
    return { released: [], held: held!.count }
  }
  await tx.query(`UPDATE sync_runs SET released = released + $2 WHERE run_id = $1`, [
    runId,
    rows.length,
  ])
  return { released: rows.map((row) => row.id), held: 0 }
}

/**
 * Counts addresses that a run makes mailable without staging, if the run stays within `limit`. @returns whether it
 * does; if not, nothing is counted.
 */
export async function countReleased(
  db: Queryable,
  runId: string,
  count: number,
  limit: number,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE sync_runs SET released = released + $2 WHERE run_id = $1 AND released + $2 <= $3 RETURNING 1`,
    [runId, count, limit],
  )
  return rows.length > 0
}

/** Notes the end of a run. Another run may take over what it staged. */
export async function endRun(db: Queryable, runId: string): Promise<void> {
  await db.query(`UPDATE sync_runs SET ended_at = clock_timestamp() WHERE run_id = $1`, [runId])
}

/** A stored loosening. */
export interface StoredLoosening extends Loosening {
  readonly state: 'staged' | 'held' | 'approved' | 'rejected'
  /** What the loosening was rejected for; null: not stored yet. */
  readonly refusedFor: string | null
}

/** Loosenings at these addresses. */
export function looseningsAt(
  db: Queryable,
  addressIds: readonly number[],
): Promise<StoredLoosening[]> {
  return db.query<StoredLoosening>(
    `SELECT address_id AS "addressId", cell_key AS "cellKey", line, state, refused_for AS "refusedFor" FROM loosenings
      WHERE address_id = ANY($1)`,
    [addressIds],
  )
}

/** The addresses among these where marketing consent over a deny waits for approval or was rejected. */
export async function addressesHeldOverDeny(
  db: Queryable,
  addressIds: readonly number[],
): Promise<Set<number>> {
  const rows = await db.query<{ id: number }>(
    `SELECT DISTINCT address_id AS id FROM loosenings
      WHERE address_id = ANY($1) AND cell_key = 'marketingSendouts' AND state IN ('staged', 'held', 'rejected')
        AND line <> ALL($2)`,
    [addressIds, LINES_OVER_NO_DENY],
  )
  return new Set(rows.map((row) => row.id))
}

/** Stores what loosenings were rejected for. */
export async function noteRefusals(
  tx: Transaction,
  refusals: readonly (Pick<Loosening, 'addressId' | 'cellKey'> & { readonly refusedFor: string })[],
): Promise<void> {
  if (refusals.length === 0) {
    return
  }
  await tx.query(
    `UPDATE loosenings l SET refused_for = r.refused_for
      FROM unnest($1::bigint[], $2::text[], $3::text[]) AS r(address_id, cell_key, refused_for)
      WHERE l.address_id = r.address_id AND l.cell_key = r.cell_key AND l.state = 'rejected'`,
    [
      refusals.map((r) => r.addressId),
      refusals.map((r) => r.cellKey),
      refusals.map((r) => r.refusedFor),
    ],
  )
}

/** Deletes loosenings that were written or have become void. */
export async function dropLoosenings(
  tx: Transaction,
  cells: readonly { readonly addressId: number; readonly cellKey: CellKey }[],
): Promise<void> {
  if (cells.length === 0) {
    return
  }
  await tx.query(
    `DELETE FROM loosenings l USING unnest($1::bigint[], $2::text[]) AS c(address_id, cell_key)
      WHERE l.address_id = c.address_id AND l.cell_key = c.cell_key`,
    [cells.map((c) => c.addressId), cells.map((c) => c.cellKey)],
  )
}

export interface HeldLoosening extends Loosening {
  readonly address: string
  readonly since: Date
  readonly tier: string
}

/** Held loosenings of a connection, oldest first. */
export function heldLoosenings(db: Queryable, connectionId: string): Promise<HeldLoosening[]> {
  return db.query<HeldLoosening>(
    `SELECT l.address_id AS "addressId", l.cell_key AS "cellKey", l.line, a.address, l.since, r.tier
      FROM loosenings l JOIN addresses a USING (address_id) LEFT JOIN sync_runs r ON r.run_id = l.run_id
      WHERE l.connection_id = $1 AND l.state = 'held' ORDER BY l.since, l.address_id`,
    [connectionId],
  )
}

/** Approves or rejects everything held. @returns the cells. */
export function decideHeld(
  tx: Transaction,
  connectionId: string,
  state: 'approved' | 'rejected',
): Promise<Loosening[]> {
  return tx.query<Loosening>(
    `UPDATE loosenings SET state = $2 WHERE connection_id = $1 AND state = 'held'
      RETURNING address_id AS "addressId", cell_key AS "cellKey", line`,
    [connectionId, state],
  )
}

/** Reserves rows of the day's budget of subscription rows (D3). @returns how many may be written. */
export async function reserveRows(
  tx: Transaction,
  connectionId: string,
  wanted: number,
  perDay: number,
): Promise<number> {
  await tx.query(
    `INSERT INTO daily_row_usage (connection_id, day, rows_written) VALUES ($1, current_date, 0) ON CONFLICT DO NOTHING`,
    [connectionId],
  )
  const [row] = await tx.query<{ used: number }>(
    `SELECT rows_written AS used FROM daily_row_usage WHERE connection_id = $1 AND day = current_date FOR UPDATE`,
    [connectionId],
  )
  const granted = Math.max(0, Math.min(wanted, perDay - row!.used))
  await tx.query(
    `UPDATE daily_row_usage SET rows_written = rows_written + $2 WHERE connection_id = $1 AND day = current_date`,
    [connectionId, granted],
  )
  return granted
}
