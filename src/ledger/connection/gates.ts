import { REFUSAL_CODES } from '../../contracts/refusal.js'
import type { Queryable } from '../db/database.js'
import type { Side } from './cursors.js'

/** Why and for how long a system is not called. */
export interface GateClosing {
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
 * Closes the shared gate of a system: nobody calls it before `untilMs` (Retry-After; refused credentials). A refusal
 * stays one, with the moment at which it began, whatever else is met before a sign-in succeeds.
 */
export async function closeGate(db: Queryable, closing: GateClosing): Promise<void> {
  const { connectionId, side, untilMs, code, reason, config } = closing
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

/** Opens the gate: a call worked, or a person says that it is mended. */
export async function openGate(db: Queryable, connectionId: string, side: Side): Promise<void> {
  const probed = side === 'crm' ? ', crm_probed_at = NULL' : ''
  await db.query(
    `UPDATE connections SET ${side}_blocked_until = NULL, ${side}_blocked_code = NULL,
        ${side}_blocked_since = NULL, ${side}_blocked_reason = NULL ${probed}
      WHERE connection_id = $1 AND ${side}_blocked_code IS NOT NULL`,
    [connectionId],
  )
}

/**
 * Opens a gate that time alone closes, after work that was let in and got its answers; a refusal is ended by a sign-in
 * only. One that somebody else has closed meanwhile stays closed: those answers may be older than that.
 */
export async function openTimedGate(
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

/** A gate that was closed. */
export interface OpenedGate {
  readonly side: Side
  readonly code: string
  readonly until: Date | null
}

/** Opens both gates, whatever closed them: a person says that the systems may be called. @returns those that were closed. */
export async function openBothGates(
  db: Queryable,
  connectionId: string,
): Promise<readonly OpenedGate[]> {
  const closed = await db.query<OpenedGate>(
    `SELECT side, code, until FROM connections, LATERAL (VALUES
        ('emarketeer', emarketeer_blocked_code, emarketeer_blocked_until),
        ('crm', crm_blocked_code, crm_blocked_until)) AS gates (side, code, until)
      WHERE connection_id = $1 AND code IS NOT NULL ORDER BY side DESC`,
    [connectionId],
  )
  for (const { side } of closed) {
    await openGate(db, connectionId, side)
  }
  return closed
}

/**
 * Opens what a refusal closed, on both sides: the credentials have just been taken, or a person says that it is mended.
 * Where a system asked to wait it is still left alone.
 */
export async function openRefusedGates(db: Queryable, connectionId: string): Promise<void> {
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

/** How the CRM's gate stands. */
export interface CrmGate {
  readonly code: string | null
  readonly reason: string | null
  readonly since: Date | null
  /** Not called before that. */
  readonly until: Date | null
  /** That has not come yet, by the database's clock. */
  readonly closed: boolean
  /** Whether somebody tries it at this moment. */
  readonly probing: boolean
}

/** Longer than a try takes; whoever began one before that is dead. */
const PROBE_LASTS = `interval '1 minute'`

/** The CRM's gate as it stands now. */
export async function crmGateOf(db: Queryable, connectionId: string): Promise<CrmGate> {
  const [row] = await db.query<CrmGate>(
    `SELECT crm_blocked_code AS code, crm_blocked_reason AS reason, crm_blocked_since AS since,
        crm_blocked_until AS until, COALESCE(crm_blocked_until > clock_timestamp(), false) AS closed,
        COALESCE(crm_probed_at > clock_timestamp() - ${PROBE_LASTS}, false) AS probing
      FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  return row!
}

/**
 * Takes the turn to try whether a CRM that refused us takes us again: one turn in `everyMs`, whoever asks.
 * @returns false where it is not due, somebody else has it, or the gate is open.
 */
export async function takeProbe(
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

/** Ends a try that told nothing, as the CRM did not answer: another one may be made after a while. */
export async function giveProbeBack(
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
