import type { Client } from '@temporalio/client'
import { AppError } from '../contracts/app-error.js'
import { PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import type { SweepResult } from '../contracts/sweep.js'
import type { WorkReport } from '../contracts/work-report.js'
import { requireRunning } from './connection/require-running.js'
import { type Progress, awaitResult } from './await-result.js'
import { withLedger, withTemporal } from './resources.js'
import { startOrJoin, type StartedRun } from '../client/start-or-join.js'

/** The answer of `sweep now`. */
export interface Swept {
  readonly connectionId: string
  readonly workflowId: string
  readonly joined: boolean
  readonly report: WorkReport
  /** What was found in the CRM and is ignored, in sentences (C2, D3). */
  readonly notices: readonly string[]
  /** Sentences on housekeeping that could not be done. */
  readonly untidy: readonly string[]
}

/**
 * Starts a sweep, or joins the running one.
 * @param summary what the Temporal UI shows. @throws as {@link startOrJoin} does.
 */
export function startSweepRun(
  client: Client,
  connectionId: string,
  summary: string,
): Promise<StartedRun> {
  return startOrJoin(client, {
    type: 'sweepRun',
    workflowId: workflowIds.sweepRun(connectionId),
    queue: QUEUES.sweep,
    input: { connectionId },
    priorityKey: PRIORITY.sweep,
    connectionId,
    summary,
  })
}

/**
 * Sweeps a connection now, or joins the running sweep, and waits for it.
 * @throws AppError as `requireRunning` does, and the errors of the sweep; the refusal if the CRM refuses us.
 */
export async function sweepNow(connectionId: string, progress: Progress): Promise<Swept> {
  await withLedger((db) => requireRunning(db, connectionId))
  return withTemporal(async (temporal) => {
    const run = await startSweepRun(
      temporal.client,
      connectionId,
      `Sweep of ${connectionId}, requested by hand`,
    )
    const {
      refused,
      notices,
      untidy = [],
      ...report
    } = await awaitResult<SweepResult>({
      temporal,
      run,
      queue: QUEUES.sweep,
      progress,
    })
    if (refused) {
      throw new AppError(refused.code, refused.message)
    }
    const { workflowId, joined } = run
    return { connectionId, workflowId, joined, report, untidy, notices }
  })
}
