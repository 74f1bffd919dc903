import type { WorkflowHandle } from '@temporalio/client'
import { AppError } from '../../contracts/app-error.js'
import type { LifecycleStatus, PauseInput } from '../../contracts/lifecycle-activities.js'
import { PRIORITY, QUEUES, workflowIds } from '../../contracts/names.js'
import {
  refuseToPause,
  refuseToResume,
  retryConnection as resetBreakers,
} from '../../ledger/connection/connection-life.js'
import { findConnection, type ConnectionRow } from '../../ledger/connection/connections.js'
import { type Progress, awaitResult } from '../await-result.js'
import { withLedger, withTemporal } from '../resources.js'
import { startOrJoin, type WorkflowStart } from '../../client/start-or-join.js'
import { webhooksOf } from './connection-view.js'
import { requireConnection } from './require-running.js'
import type { Evidence } from '../require-evidence.js'
import { randomUUID } from 'node:crypto'
import { retiredAddresses } from '../../ledger/connection/webhook-addresses.js'

/** The answer of `connection pause` and `connection resume`. */
export interface ChangedConnection {
  readonly connectionId: string
  readonly state: ConnectionRow['state']
  readonly pauseMode: ConnectionRow['pauseMode']
  readonly workflowId: string
  /** The same change was already running. */
  readonly joined: boolean
}

/** A connection, and who changes it and why. */
export interface LifeCommand extends Evidence {
  readonly connectionId: string
}

/**
 * Pauses a connection by its workflow and waits for the end.
 * @throws AppError `value_missing`, `connection_not_found`, `connection_setting_up`, `connection_disabled`.
 */
export function pauseConnection(
  command: LifeCommand,
  mode: 'all' | 'loosening',
  progress: Progress,
): Promise<ChangedConnection> {
  return change(command, progress, {
    type: 'pauseConnection',
    workflowId: workflowIds.pause(command.connectionId),
    input: { ...inputOf(command), mode },
    refuse: refuseToPause,
    join: (handle) => refuseOtherMode(handle, mode),
  })
}

/**
 * Resumes a connection by its workflow and waits for the end.
 * @throws AppError `value_missing`, `connection_not_found`, `connection_not_paused`.
 */
export function resumeConnection(
  command: LifeCommand,
  progress: Progress,
): Promise<ChangedConnection> {
  return change(command, progress, {
    type: 'resumeConnection',
    workflowId: workflowIds.resume(command.connectionId),
    input: inputOf(command),
    refuse: refuseToResume,
  })
}

/** A workflow that changes a connection. */
interface Change {
  readonly type: string
  readonly workflowId: string
  readonly input: object
  /** Checked before the start; the workflow checks again under a lock. */
  readonly refuse: typeof refuseToPause
  readonly join?: NonNullable<WorkflowStart['join']>
}

/** Refuses to join a running pause of another mode, which would not do what was asked. */
async function refuseOtherMode(handle: WorkflowHandle, mode: PauseInput['mode']): Promise<void> {
  const running = await handle.query<LifecycleStatus>('status')
  if (running.mode !== mode) {
    const message = `${handle.workflowId} is running with mode ${running.mode}.`
    throw new AppError('request_differs', message, { path: 'mode', value: mode })
  }
}

/** The workflow's input. */
const inputOf = ({ connectionId, reason, by }: LifeCommand) => ({ connectionId, reason, by })

/** Starts a change of a connection, or joins the running one, and waits for its end. */
function change(
  command: LifeCommand,
  progress: Progress,
  { type, workflowId, input, refuse, ...more }: Change,
): Promise<ChangedConnection> {
  const { connectionId } = command
  return withLedger(async (db) => {
    const connection = await requireConnection(db, connectionId)
    refuse(connection)
    return withTemporal(async (temporal) => {
      const run = await startOrJoin(temporal.client, {
        type,
        workflowId,
        queue: QUEUES.setup,
        input,
        priorityKey: PRIORITY.setup,
        connectionId,
        summary: `${type} ${connectionId}`,
        ...more,
      })
      await awaitResult({ temporal, run, queue: QUEUES.setup, progress })
      const { state, pauseMode } = (await findConnection(db, connectionId)) ?? connection
      return { connectionId, state, pauseMode, workflowId, joined: run.joined }
    })
  })
}

/** The answer of `connection retry`. */
export interface RetriedConnection {
  readonly connectionId: string
  /**
   * The breakers that were reset: system, reason, and until when it was not to be called (ISO UTC). Empty if none was
   * tripped.
   */
  readonly opened: readonly {
    readonly side: 'emarketeer' | 'crm'
    readonly code: string
    readonly until: string | null
  }[]
}

/** Resets the circuit breakers of both systems. @throws AppError `value_missing`, `connection_not_found`. */
export function retryConnection(command: LifeCommand): Promise<RetriedConnection> {
  const { connectionId } = command
  return withLedger(async (db) => {
    await requireConnection(db, connectionId)
    const intervention = { ...command, interventionId: randomUUID() }
    const opened = await db.transaction((tx) => resetBreakers(tx, intervention))
    return {
      connectionId,
      opened: opened.map(({ until, ...breaker }) => ({
        ...breaker,
        until: until?.toISOString() ?? null,
      })),
    }
  })
}

/** The answer of `connection rotate-webhooks`. */
export interface RotatedWebhooks {
  readonly connectionId: string
  /** Whether the CRM posts to the new address; false: it still posts to the former one. */
  readonly installed: boolean
  /** Why not, for people. */
  readonly reason: string | null
  /** Until when deliveries to the former address are accepted (ISO UTC); null: until the new address is registered. */
  readonly formerAcceptedUntil: string | null
  readonly workflowId: string
  readonly joined: boolean
}

/**
 * Gives a connection's webhooks new addresses and secrets.
 * @throws AppError `value_missing`, `connection_not_found`, `connection_setting_up`, `connection_disabled`,
 * `gateway_unreachable`, and the errors of both systems.
 */
export async function rotateWebhooks(
  command: LifeCommand,
  progress: Progress,
): Promise<RotatedWebhooks> {
  const { connectionId } = command
  const { workflowId, joined } = await change(command, progress, {
    type: 'rotateWebhooks',
    workflowId: workflowIds.rotateWebhooks(connectionId),
    input: inputOf(command),
    refuse: refuseToPause,
  })
  return withLedger(async (db) => {
    const connection = await requireConnection(db, connectionId)
    const { installed = false, reason = null } = webhooksOf(connection) ?? {}
    const [former] = await retiredAddresses(db, connectionId)
    const formerAcceptedUntil = former?.acceptedUntil?.toISOString() ?? null
    return { connectionId, installed, reason, formerAcceptedUntil, workflowId, joined }
  })
}
