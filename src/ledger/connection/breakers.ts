import { REFUSAL_CODES } from '../../contracts/refusal.js'
import type { Queryable } from '../db/database.js'
import type { Side } from './cursors.js'

/** Why and for how long a system is not called. */
export interface BreakerTrip {
  readonly connectionId: string
  readonly side: Side
  readonly untilMs: number
  readonly code: string
  /** In plain words, for a refusal; else null. */
  readonly reason: string | null
  /** What the connection was opened with: a refusal of settings that were replaced meanwhile says nothing. */
  readonly config: Readonly<Record<string, unknown>>
}

/**
 * Trips the shared circuit breaker of a system: nobody calls it before `untilMs` (Retry-After; refused credentials). A refusal
 * stays one, with the moment at which it began, whatever else is met before a sign-in succeeds.
 */
export async function tripBreaker(db: Queryable, trip: BreakerTrip): Promise<void> {
  const { connectionId, side, untilMs, code, reason, config } = trip
  const probed = side === 'crm' ? ', crm_probed_at = NULL' : ''
  await db.query(
    `UPDATE connections SET
        ${side}_blocked_until = GREATEST(${side}_blocked_until, to_timestamp($2 / 1000.0)),
        ${side}_blocked_since = CASE
          WHEN ${side}_blocked_code = $3 OR ${side}_blocked_code = ANY($6) THEN ${side}_blocked_since
          ELSE clock_timestamp() END,
        ${side}_blocked_reason = CASE
          WHEN ${side}_blocked_code = ANY($6) AND NOT $3 = ANY($6) THEN ${side}_blocked_reason ELSE $4 END,
        ${side}_blocked_code = CASE
          WHEN ${side}_blocked_code = ANY($6) AND NOT $3 = ANY($6) THEN ${side}_blocked_code ELSE $3 END
        ${probed}
      WHERE connection_id = $1 AND config = $5`,
    [connectionId, untilMs, code, reason, JSON.stringify(config), REFUSAL_CODES],
  )
}

/** Resets a breaker: a call worked, or a person says that it is mended. */
export async function resetBreaker(db: Queryable, connectionId: string, side: Side): Promise<void> {
  const probed = side === 'crm' ? ', crm_probed_at = NULL' : ''
  await db.query(
    `UPDATE connections SET ${side}_blocked_until = NULL, ${side}_blocked_code = NULL,
        ${side}_blocked_since = NULL, ${side}_blocked_reason = NULL ${probed}
      WHERE connection_id = $1 AND ${side}_blocked_code IS NOT NULL`,
    [connectionId],
  )
}

/**
 * Resets a breaker that time alone tripped, after work that was let in and got its answers; a refusal is ended by a sign-in
 * only. One that somebody else has tripped meanwhile stays so: those answers may be older than that.
 */
export async function resetTimedBreaker(
  db: Queryable,
  connectionId: string,
  side: Side,
): Promise<void> {
  await db.query(
    `UPDATE connections SET ${side}_blocked_until = NULL, ${side}_blocked_code = NULL,
        ${side}_blocked_since = NULL, ${side}_blocked_reason = NULL
      WHERE connection_id = $1 AND NOT ${side}_blocked_code = ANY($2)
        AND COALESCE(${side}_blocked_until <= clock_timestamp(), true)`,
    [connectionId, REFUSAL_CODES],
  )
}

const SIDES: readonly Side[] = ['emarketeer', 'crm']

/** A breaker that was tripped. */
export interface TrippedBreaker {
  readonly side: Side
  readonly code: string
  readonly until: Date | null
}

/** Resets both breakers, whatever tripped them: a person says that the systems may be called. @returns those that were tripped. */
export async function resetBothBreakers(
  db: Queryable,
  connectionId: string,
): Promise<readonly TrippedBreaker[]> {
  const tripped = await db.query<TrippedBreaker>(
    `SELECT side, code, until FROM connections, LATERAL (VALUES
        ('emarketeer', emarketeer_blocked_code, emarketeer_blocked_until),
        ('crm', crm_blocked_code, crm_blocked_until)) AS breakers (side, code, until)
      WHERE connection_id = $1 AND code IS NOT NULL ORDER BY side DESC`,
    [connectionId],
  )
  for (const { side } of tripped) {
    await resetBreaker(db, connectionId, side)
  }
  return tripped
}

/**
 * Resets what a refusal tripped, on both sides: the credentials have just been taken, or a person says that it is mended.
 * Where a system asked to wait it is still left alone.
 */
export async function resetRefusedBreakers(db: Queryable, connectionId: string): Promise<void> {
  for (const side of SIDES) {
    const probed = side === 'crm' ? ', crm_probed_at = NULL' : ''
    await db.query(
      `UPDATE connections SET ${side}_blocked_until = NULL, ${side}_blocked_code = NULL,
          ${side}_blocked_since = NULL, ${side}_blocked_reason = NULL ${probed}
        WHERE connection_id = $1 AND ${side}_blocked_code = ANY($2)`,
      [connectionId, [...REFUSAL_CODES, 'emarketeer_auth_failed']],
    )
  }
}

/** How the CRM's breaker stands. */
export interface CrmBreaker {
  readonly code: string | null
  readonly reason: string | null
  readonly since: Date | null
  /** Not called before that. */
  readonly until: Date | null
  /** That has not come yet, by the database's clock. */
  readonly waiting: boolean
  /** Whether somebody probes at this moment. */
  readonly probing: boolean
}

/** Longer than a probe takes; whoever began one before that is dead. */
const PROBE_LASTS = `interval '1 minute'`

/** The CRM's breaker as it stands now. */
export async function crmBreakerOf(db: Queryable, connectionId: string): Promise<CrmBreaker> {
  const [row] = await db.query<CrmBreaker>(
    `SELECT crm_blocked_code AS code, crm_blocked_reason AS reason, crm_blocked_since AS since,
        crm_blocked_until AS until, COALESCE(crm_blocked_until > clock_timestamp(), false) AS waiting,
        COALESCE(crm_probed_at > clock_timestamp() - ${PROBE_LASTS}, false) AS probing
      FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  return row!
}

/**
 * Claims the probe that tells whether a CRM that refused us takes us again: one in `everyMs`, whoever asks.
 * @returns false where it is not due, somebody else has it, or the breaker is not tripped.
 */
export async function claimProbe(
  db: Queryable,
  connectionId: string,
  everyMs: number,
): Promise<boolean> {
  const rows = await db.query(
    `UPDATE connections SET crm_probed_at = clock_timestamp(),
        crm_blocked_until = clock_timestamp() + $2 * interval '1 millisecond'
      WHERE connection_id = $1 AND crm_blocked_code = ANY($3)
        AND COALESCE(crm_blocked_until <= clock_timestamp(), true) RETURNING 1`,
    [connectionId, everyMs, REFUSAL_CODES],
  )
  return rows.length > 0
}

/** Releases a probe that was inconclusive, as the CRM did not answer: another one may be made after a while. */
export async function releaseProbe(
  db: Queryable,
  connectionId: string,
  waitMs: number,
): Promise<void> {
  await db.query(
    `UPDATE connections SET crm_probed_at = NULL,
        crm_blocked_until = clock_timestamp() + $2 * interval '1 millisecond'
      WHERE connection_id = $1 AND crm_blocked_code = ANY($3)`,
    [connectionId, waitMs, REFUSAL_CODES],
  )
}
