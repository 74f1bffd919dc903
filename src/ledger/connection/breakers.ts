import { REFUSAL_CODES } from '../../contracts/refusal.js'
import type { Queryable } from '../db/database.js'
import type { Side } from './cursors.js'

/** Why a system is not called, and until when. */
export interface BreakerTrip {
  readonly connectionId: string
  readonly side: Side
  readonly untilMs: number
  readonly code: string
  /** For people; only of a refusal. */
  readonly reason: string | null
  /**
   * The connection's settings at the time of the call: a refusal of settings that were replaced since does not count.
   */
  readonly config: Readonly<Record<string, unknown>>
}

/**
 * Trips the shared circuit breaker of a system: no calls before `untilMs` (Retry-After, refused credentials). A refusal
 * keeps its start until a sign-in succeeds, and its code unless another refusal replaces it.
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

/** Resets a breaker, because a call succeeded or a person states that the fault is corrected. */
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
 * Resets a breaker after answered calls, unless it was tripped by a refusal, which only a sign-in ends. A breaker that
 * was tripped meanwhile stays, because the answers may be older.
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

export interface TrippedBreaker {
  readonly side: Side
  readonly code: string
  readonly until: Date | null
}

/** Resets both breakers when a person lets the systems be called. @returns the breakers that were tripped. */
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
 * Resets the breakers that a refusal tripped, on both sides, after a successful sign-in or when a person resumes. A
 * wait that a system asked for stays.
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

/** The CRM's breaker. */
export interface CrmBreaker {
  readonly code: string | null
  readonly reason: string | null
  readonly since: Date | null
  /** No calls before this moment. */
  readonly until: Date | null
  /** Whether `until` is in the future by the database's clock. */
  readonly waiting: boolean
  readonly probing: boolean
}

/** Longer than a probe takes: an older probe is dead. */
const PROBE_LASTS = `interval '1 minute'`

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
 * Claims the probe that shows whether a CRM that refused us accepts us again: one per `everyMs` over all processes.
 * @returns false: not due, claimed by another process, or no refusal.
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

/** Releases an inconclusive probe, because the CRM did not answer. The next one may follow after a while. */
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
