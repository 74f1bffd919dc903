import { SWEEP_LATE_MS, type SweepNote, type SweepOutcome } from '../../contracts/sweep.js'
import type { Queryable } from '../db/database.js'

/** The results of a connection's sweeps. */
export interface SweepRow {
  readonly doneAt: Date | null
  readonly outcome: SweepOutcome | null
  readonly since: Date | null
  readonly code: string | null
  readonly message: string | null
  readonly untidy: readonly string[]
  readonly cronRestartedAt: Date | null
  /** The last completed sweep is so old that something is wrong, whether or not an error was reported. */
  readonly late: boolean
}

/** The results of a connection's sweeps; null: none was expected yet. */
export async function sweepOf(db: Queryable, connectionId: string): Promise<SweepRow | null> {
  const [row] = await db.query<SweepRow>(
    `SELECT done_at AS "doneAt", outcome, outcome_since AS since, code, message, untidy,
        cron_restarted_at AS "cronRestartedAt",
        GREATEST(done_at, expected_since) < clock_timestamp() - $2 * interval '1 millisecond' AS late
      FROM sweeps WHERE connection_id = $1`,
    [connectionId, SWEEP_LATE_MS],
  )
  return row ?? null
}

/** Stores the result of a sweep. */
export async function noteSweep(db: Queryable, note: SweepNote): Promise<void> {
  const { connectionId, outcome, code, message, untidy } = note
  await db.query(
    `INSERT INTO sweeps AS s (connection_id, outcome, outcome_since, code, message, untidy, done_at)
      VALUES ($1, $2, clock_timestamp(), $3, $4, $5, CASE WHEN $2 = 'done' THEN clock_timestamp() END)
      ON CONFLICT (connection_id) DO UPDATE SET
        outcome = excluded.outcome, code = excluded.code, message = excluded.message,
        outcome_since = CASE WHEN (s.outcome, s.code) IS NOT DISTINCT FROM (excluded.outcome, excluded.code)
          THEN s.outcome_since ELSE excluded.outcome_since END,
        untidy = CASE WHEN excluded.outcome = 'done' THEN excluded.untidy ELSE s.untidy END,
        done_at = COALESCE(excluded.done_at, s.done_at)`,
    [connectionId, outcome, code, message, untidy],
  )
}

/** Notes that the cron was started: sweeps are expected from now on. */
export async function expectSweeps(db: Queryable, connectionId: string): Promise<void> {
  await db.query(
    `INSERT INTO sweeps (connection_id) VALUES ($1)
      ON CONFLICT (connection_id) DO UPDATE SET expected_since = clock_timestamp()`,
    [connectionId],
  )
}

/** Notes that a lost cron was restarted. A cron that set-up has not started yet is not lost. */
export async function noteCronRestarted(db: Queryable, connectionId: string): Promise<void> {
  await db.query(
    `UPDATE sweeps SET cron_restarted_at = clock_timestamp() WHERE connection_id = $1`,
    [connectionId],
  )
}
