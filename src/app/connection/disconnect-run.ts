import type { WorkflowHandle } from '@temporalio/client'
import type { TemporalClient } from '../../config/temporal/temporal.js'
import { AppError } from '../../contracts/app-error.js'
import type { DisconnectStatus } from '../../contracts/lifecycle-activities.js'
import { PRIORITY, QUEUES, workflowIds } from '../../contracts/names.js'
import type { DisconnectInput } from '../../contracts/setup.js'
import { lookAtSteps, type Progress } from '../progress.js'
import { awaitResult } from '../temporal/await-result.js'
import { startOrJoin, type StartedRun } from '../../client/start-or-join.js'

/**
 * Starts a disconnect, or joins the one that runs, and waits for it where asked to.
 * @throws AppError `disconnect_running` where one runs that does something else.
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

/** A removal may wait for a person before it disables anything, and a plain disabling removes nothing. */
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
