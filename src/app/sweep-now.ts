import { AppError } from '../contracts/app-error.js'
import { PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import type { SweepResult } from '../contracts/sweep.js'
import type { WorkReport } from '../contracts/work-report.js'
import { requireRunning } from './connection/require-running.js'
import { type Progress, awaitResult } from './await-result.js'
import { withLedger, withTemporal } from './resources.js'
import { startOrJoin } from '../client/start-or-join.js'

/** What `sweep now` answers. */
export interface Swept {
  readonly connectionId: string
  readonly workflowId: string
  readonly joined: boolean
  readonly report: WorkReport
  /** What lies in the CRM and is left alone, in sentences (C2, D3). */
  readonly notices: readonly string[]
  /** What of the housekeeping could not be done, in words. */
  readonly untidy: readonly string[]
}

/**
 * Sweeps a connection now.
 * @throws AppError as `requireRunning` does, and those of the work itself; the refusal where the CRM refuses us.
 */
export async function sweepNow(connectionId: string, progress: Progress): Promise<Swept> {
  await withLedger((db) => requireRunning(db, connectionId))
  return withTemporal(async (temporal) => {
    const run = await startOrJoin(temporal.client, {
      type: 'sweepRun',
      workflowId: workflowIds.sweepRun(connectionId),
      queue: QUEUES.sweep,
      input: { connectionId },
      priorityKey: PRIORITY.sweep,
      connectionId,
      summary: `Sweep of ${connectionId}, requested by hand`,
    })
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
