import type { WorkflowHandle } from '@temporalio/client'
import type { TemporalClient } from '../../config/temporal/temporal.js'
import { AppError } from '../../contracts/app-error.js'
import type { DisconnectStatus } from '../../contracts/lifecycle-activities.js'
import { PRIORITY, QUEUES, workflowIds } from '../../contracts/names.js'
import type { DisconnectInput, StepStatus } from '../../contracts/setup.js'
import { lookAtSteps, type Progress, awaitResult } from '../await-result.js'
import { startOrJoin, type StartedRun } from '../../client/start-or-join.js'
import { findConnection, type ConnectionState } from '../../ledger/connection/connections.js'
import { withLedger, withTemporal } from '../resources.js'
import { requireConnection } from './require-running.js'
import type { Evidence } from '../require-evidence.js'

/**
 * Starts a disconnect, or joins the running one, and waits for it if asked to.
 * @throws AppError `disconnect_running` if a disconnect with another purpose is running.
 */
export async function runDisconnect(
  temporal: TemporalClient,
  input: DisconnectInput,
  { wait, progress }: { readonly wait: boolean; readonly progress: Progress },
): Promise<{ readonly run: StartedRun; readonly status: DisconnectStatus | null }> {
  const { connectionId, removeInstalled } = input
  const run = await startOrJoin(temporal.client, {
    type: 'disconnect',
    workflowId: workflowIds.disconnect(connectionId),
    queue: QUEUES.setup,
    input,
    priorityKey: PRIORITY.setup,
    connectionId,
    summary: `${removeInstalled ? 'Removal of the installation' : 'Disabling'} of ${connectionId}`,
    join: (handle) => refuseOther(handle, input),
  })
  if (!wait) {
    return { run, status: null }
  }
  const look = lookAtSteps(run, progress)
  const queue = QUEUES.setup
  return {
    run,
    status: await awaitResult<DisconnectStatus>({ temporal, run, queue, progress, look }),
  }
}

/**
 * Refuses to join a disconnect with another purpose: a removal may wait for a person before it disables anything, and a
 * plain disabling removes nothing.
 */
async function refuseOther(
  handle: WorkflowHandle,
  { connectionId, removeInstalled }: DisconnectInput,
): Promise<void> {
  const running = await handle.query<DisconnectStatus>('status')
  if (running.removeInstalled !== removeInstalled && running.result === null) {
    const does = running.removeInstalled ? 'removes the installation' : 'only disables'
    throw new AppError('disconnect_running', `${handle.workflowId} is running and ${does}.`, {
      path: 'connectionId',
      value: connectionId,
    })
  }
}

/** The answer of `connection remove-installed`. */
export interface RemovedInstallation {
  readonly connectionId: string
  readonly state: ConnectionState
  readonly workflowId: string
  /** The same disconnect was already running. */
  readonly joined: boolean
  /** `aborted` if Support ended it; null if nobody waited for it. */
  readonly result: 'done' | 'aborted' | null
  readonly steps: readonly Pick<StepStatus, 'id' | 'title' | 'state' | 'note'>[]
}

/**
 * Disables a connection and removes what set-up installed in the CRM.
 * @throws AppError `value_missing`, `connection_not_found`, `connection_paused`, `temporal_unreachable`.
 */
export function removeInstalled(
  request: Evidence & { readonly connectionId: string },
  options: { readonly wait: boolean; readonly progress: Progress },
): Promise<RemovedInstallation> {
  const { connectionId } = request
  return withLedger(async (db) => {
    const connection = await requireConnection(db, connectionId)
    if (connection.state === 'paused') {
      throw new AppError(
        'connection_paused',
        `Connection ${connectionId} is paused: what the CRM holds could not be brought to eMarketeer first.`,
        { path: 'connectionId', value: connectionId },
      )
    }
    return withTemporal(async (temporal) => {
      const { reason, by } = request
      const input = { connectionId, reason, by, removeInstalled: true }
      const { run, status } = await runDisconnect(temporal, input, options)
      const state = (await findConnection(db, connectionId))?.state ?? connection.state
      return {
        connectionId,
        state,
        workflowId: run.workflowId,
        joined: run.joined,
        result: status?.result ?? null,
        steps: (status?.steps ?? []).map(({ id, title, state: at, note }) => ({
          id,
          title,
          state: at,
          note,
        })),
      }
    })
  })
}
