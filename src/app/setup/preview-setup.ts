import type { TemporalClient } from '../../config/temporal/temporal.js'
import { AppError } from '../../contracts/app-error.js'
import { PRIORITY, QUEUES, workflowIds } from '../../contracts/names.js'
import type { SetupPreview } from '../../contracts/setup.js'
import { CRM_DRIVERS } from '../../crm/registry.js'
import { requireConnection } from '../connection/connection-view.js'
import { lookAtSteps, type Progress } from '../progress.js'
import { withLedger } from '../resources.js'
import { awaitResult } from '../temporal/await-result.js'
import { startOrJoin } from '../../client/start-or-join.js'

/**
 * Lets the set-up of a stored connection look at every step and change nothing. It has an id of its own, so that it may
 * run beside the set-up itself, or after it.
 *
 * @throws AppError `connection_not_found`, `crm_not_supported`, and what a step that cannot look fails with.
 */
export async function previewSetup(
  temporal: TemporalClient,
  connectionId: string,
  progress: Progress,
): Promise<SetupPreview> {
  const run = await startOrJoin(temporal.client, {
    type: await withLedger(async (db) =>
      setupWorkflowOf((await requireConnection(db, connectionId)).crm),
    ),
    workflowId: workflowIds.setupPreview(connectionId),
    queue: QUEUES.setup,
    input: { connectionId, dryRun: true },
    priorityKey: PRIORITY.setup,
    connectionId,
    summary: `Preview of the set-up of ${connectionId}`,
  })
  const look = lookAtSteps(run, progress)
  return awaitResult<SetupPreview>({ temporal, run, queue: QUEUES.setup, progress, look })
}

function setupWorkflowOf(crm: string): string {
  const driver = CRM_DRIVERS.get(crm)
  if (!driver) {
    const message = `This release does not connect to ${crm}.`
    throw new AppError('crm_not_supported', message, { path: 'crm', value: crm })
  }
  return driver.setupWorkflow
}
