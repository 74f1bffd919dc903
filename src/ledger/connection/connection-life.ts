import { AppError } from '../../contracts/app-error.js'
import type { LifecycleIntervention } from '../../contracts/lifecycle-activities.js'
import { isRefusalCode } from '../../contracts/refusal.js'
import { newWebhookRef, type ConnectionRow, type PauseMode } from './connections.js'
import type { Queryable, Transaction } from '../db/database.js'
import { resetBothBreakers, resetRefusedBreakers, type TrippedBreaker } from './breakers.js'
import { appendOverride } from './overrides.js'
import { replaceWebhookRef } from './webhook-addresses.js'

export type LifeAction = 'disable' | 'removeInstalled' | 'pause' | 'resume'

/** A stored intervention. */
export interface KeptIntervention {
  readonly action: LifeAction
  readonly reason: string
  readonly by: string
  readonly at: Date
}

const SUBJECT = 'connection'

/**
 * Disables a connection: nothing is synced after this transaction (C8). The last state, the copy and the evidence stay.
 * Repeating it changes nothing.
 */
export async function disableConnection(
  tx: Transaction,
  intervention: LifecycleIntervention,
  removeInstalled: boolean,
): Promise<void> {
  await lockConnection(tx, intervention.connectionId)
  await tx.query(
    `UPDATE connections SET state = 'disabled', pause_mode = NULL, updated_at = now()
      WHERE connection_id = $1 AND state <> 'implicit'`,
    [intervention.connectionId],
  )
  await saveIntervention(tx, intervention, removeInstalled ? 'removeInstalled' : 'disable', {})
}

/**
 * Pauses a connection, or changes how it is paused.
 * @throws AppError `connection_not_found`, `connection_setting_up`, `connection_disabled`. None is retryable.
 */
export function pauseConnection(
  tx: Transaction,
  intervention: LifecycleIntervention,
  mode: PauseMode,
): Promise<void> {
  return once(tx, intervention, async (connection) => {
    refuseToPause(connection)
    await tx.query(
      `UPDATE connections SET state = 'paused', pause_mode = $2, updated_at = now() WHERE connection_id = $1`,
      [connection.connectionId, mode],
    )
    await saveIntervention(tx, intervention, 'pause', { mode })
  })
}

/**
 * Ends a pause, also one that the service made after a refusal by the CRM: a person states that the cause is corrected.
 * @throws AppError `connection_not_found`, `connection_not_paused`. Neither is retryable.
 */
export function resumeConnection(
  tx: Transaction,
  intervention: LifecycleIntervention,
): Promise<void> {
  return once(tx, intervention, async (connection) => {
    const { connectionId } = connection
    refuseToResume(connection)
    await resetRefusedBreakers(tx, connectionId)
    await tx.query(
      `UPDATE connections SET state = 'active', pause_mode = NULL, updated_at = now() WHERE connection_id = $1`,
      [connectionId],
    )
    await saveIntervention(tx, intervention, 'resume', {})
  })
}

/**
 * Lets both systems be called immediately after a refusal or a requested wait. A person's pause stays. Stores the
 * intervention as evidence if a breaker was tripped.
 * @returns the breakers that were tripped. @throws AppError `connection_not_found`, not retryable.
 */
export async function retryConnection(
  tx: Transaction,
  intervention: LifecycleIntervention,
): Promise<readonly TrippedBreaker[]> {
  const { connectionId } = intervention
  await lockConnection(tx, connectionId)
  const opened = await resetBothBreakers(tx, connectionId)
  if (opened.length > 0) {
    await saveIntervention(tx, intervention, 'retry', { opened }, 'gates')
  }
  return opened
}

/**
 * Gives a connection's webhooks a new address. The old one works until the new one is registered, and 24 hours more.
 * @throws AppError as {@link pauseConnection} does.
 */
export function rotateWebhookAddress(
  tx: Transaction,
  intervention: LifecycleIntervention,
): Promise<void> {
  return once(tx, intervention, async (connection) => {
    refuseToPause(connection)
    await replaceWebhookRef(tx, connection.connectionId, newWebhookRef())
    // Another subject, because the newest intervention on the connection explains its state.
    await saveIntervention(tx, intervention, 'rotateWebhooks', {}, 'webhooks')
  })
}

/** The facts that decide whether a connection may be paused or resumed. */
export type PausableConnection = Pick<ConnectionRow, 'connectionId' | 'state' | 'crmBlockedCode'>

/**
 * Refuses to pause a connection or to change its webhook address; pure. @throws AppError as {@link pauseConnection}
 * does.
 */
export function refuseToPause({ connectionId, state }: PausableConnection): void {
  const location = { path: 'connectionId', value: connectionId }
  switch (state) {
    case 'active':
    case 'paused':
      return
    case 'settingUp':
      throw new AppError(
        'connection_setting_up',
        `Connection ${connectionId} is being set up.`,
        location,
      )
    case 'disabled':
    case 'implicit':
      throw new AppError('connection_disabled', `Connection ${connectionId} is disabled.`, location)
  }
}

/** Refuses to resume a connection; pure. @throws AppError `connection_not_paused`. */
export function refuseToResume(connection: PausableConnection): void {
  const { connectionId, state } = connection
  if (state !== 'paused' && !isRefused(connection)) {
    throw new AppError(
      'connection_not_paused',
      `Connection ${connectionId} is ${state}, not paused.`,
      { path: 'connectionId', value: connectionId },
    )
  }
}

/** Whether the service itself has paused a connection: the connection is active, and the CRM refuses us. */
export function isRefused({
  state,
  crmBlockedCode,
}: Pick<ConnectionRow, 'state' | 'crmBlockedCode'>): boolean {
  return state === 'active' && isRefusalCode(crmBlockedCode)
}

/** The newest intervention, or null. */
export async function newestIntervention(
  db: Queryable,
  connectionId: string,
): Promise<KeptIntervention | null> {
  const rows = await db.query<KeptIntervention>(
    `SELECT action, reason, by_whom AS by, recorded_at AS at FROM overrides
      WHERE connection_id = $1 AND subject = $2 ORDER BY recorded_at DESC LIMIT 1`,
    [connectionId, SUBJECT],
  )
  return rows[0] ?? null
}

/** Stores Support's decision on a step of a disconnect (E3). Storing it again changes nothing. */
export function saveStepDecision(
  db: Queryable,
  intervention: LifecycleIntervention,
  step: string,
  action: string,
): Promise<void> {
  return saveIntervention(db, intervention, action, { step }, 'disconnect')
}

/** Locks the connection and changes it, unless the intervention was stored and carried out earlier. */
async function once(
  tx: Transaction,
  intervention: LifecycleIntervention,
  change: (connection: PausableConnection) => Promise<void>,
): Promise<void> {
  const connection = await lockConnection(tx, intervention.connectionId)
  if (!(await isKept(tx, intervention))) {
    await change(connection)
  }
}

/** Locks the connection until the transaction ends, and returns it. @throws AppError `connection_not_found`. */
async function lockConnection(tx: Transaction, connectionId: string): Promise<PausableConnection> {
  const rows = await tx.query<PausableConnection>(
    `SELECT connection_id AS "connectionId", state, crm_blocked_code AS "crmBlockedCode" FROM connections
      WHERE connection_id = $1 FOR UPDATE`,
    [connectionId],
  )
  const connection = rows[0]
  if (connection === undefined || connection.state === 'implicit') {
    throw new AppError('connection_not_found', `There is no connection ${connectionId}.`, {
      path: 'connectionId',
      value: connectionId,
    })
  }
  return connection
}

async function isKept(
  tx: Transaction,
  { interventionId }: LifecycleIntervention,
): Promise<boolean> {
  const rows = await tx.query(`SELECT 1 FROM overrides WHERE override_id = $1`, [interventionId])
  return rows.length > 0
}

function saveIntervention(
  db: Queryable,
  { interventionId, connectionId, reason, by }: LifecycleIntervention,
  action: string,
  detail: Readonly<Record<string, unknown>>,
  subject = SUBJECT,
): Promise<void> {
  return appendOverride(db, {
    overrideId: interventionId,
    connectionId,
    subject,
    action,
    reason,
    by,
    detail,
  })
}

/**
 * Begins a new epoch for every connection: earlier observations prove nothing, and everything is read again
 * (docs/ledger.md, "Restoring a backup"). @returns their ids.
 */
export async function raiseEpochs(tx: Transaction): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `UPDATE connections SET epoch = epoch + 1, emarketeer_cursor = NULL, crm_cursor = NULL, crm_walk_after = NULL,
        crm_walked_at = NULL, emarketeer_proven_tick = 0, crm_proven_tick = 0, emarketeer_load_token = NULL,
        emarketeer_load_expires_at = NULL, updated_at = now()
      RETURNING connection_id AS id`,
  )
  await tx.query(
    `UPDATE addresses SET lease_owner = NULL, lease_expires_at = NULL, lease_token = lease_token + 1`,
  )
  return rows.map(({ id }) => id).sort()
}
