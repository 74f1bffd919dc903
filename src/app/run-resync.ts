import { PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import type { WorkReport } from '../contracts/work-report.js'
import type { TemporalClient } from '../config/temporal/temporal.js'
import type { Progress } from './progress.js'
import { awaitResult } from './temporal/await-result.js'
import { startOrJoin } from '../client/start-or-join.js'

/** A resync that has ended. */
export interface Resynced {
  readonly workflowId: string
  readonly report: WorkReport
}

/** What to look at again. People are named by their ledger ids only. */
export interface ResyncRequest {
  readonly connectionId: string
  /** null: everybody who is linked. */
  readonly addressIds: readonly number[] | null
  readonly dryRun: boolean
}

/** Starts a resync and waits for it. */
export async function runResync(
  temporal: TemporalClient,
  request: ResyncRequest,
  progress: Progress,
): Promise<Resynced> {
  const { connectionId } = request
  // No colon: it would have to be escaped in the addresses of Temporal's UI.
  const suffix = new Date().toISOString().replace(/[:.]/g, '-')
  const run = await startOrJoin(temporal.client, {
    type: 'resync',
    workflowId: workflowIds.resync(connectionId, suffix),
    queue: QUEUES.sweep,
    input: request,
    priorityKey: PRIORITY.setup,
    connectionId,
    summary: `${request.dryRun ? 'Rehearsal' : 'Resync'} of ${connectionId}`,
  })
  const result = await awaitResult<WorkReport>({ temporal, run, queue: QUEUES.sweep, progress })
  const { requests, writes, addresses, decisions, held } = result
  return {
    workflowId: run.workflowId,
    report: { requests, writes, addresses, decisions, held },
  }
}
