import { chunksOf } from '../domain/lists.js'
import { MAX_ADDRESS_IDS } from '../contracts/inputs.js'
import { addWork, type WorkReport } from '../contracts/work-report.js'
import { approveHeld, rejectHeld, type HeldVerdict } from '../sync/run/held.js'
import { requireRunning } from './connection/require-running.js'
import type { Progress } from './await-result.js'
import { withLedger, withTemporal, userName } from './resources.js'
import { runResync } from './resync.js'

/** The answer of `held approve` and `held reject`. `report` is null if nothing was held. */
export interface DecidedHeld {
  readonly connectionId: string
  readonly decision: 'approved' | 'rejected'
  readonly cells: number
  readonly addresses: number
  readonly workflowIds: readonly string[]
  readonly report: WorkReport | null
}

/**
 * Decides everything held, and waits until the decision is carried out. If Temporal becomes unreachable meanwhile, the
 * decision stays, and the next sweep carries it out.
 * @throws AppError `value_missing` without reason or name; `connection_not_found`, `connection_paused`.
 */
export async function decideHeld(
  action: 'approve' | 'reject',
  verdict: HeldVerdict,
  progress: Progress,
): Promise<DecidedHeld> {
  const { connectionId } = verdict
  const signed = { ...verdict, osUser: userName() }
  return withTemporal(async (temporal) => {
    const { cells, addressIds } = await withLedger(async (db) => {
      await requireRunning(db, connectionId, action === 'approve' ? 'loosening' : 'anything')
      return action === 'approve' ? approveHeld(db, signed) : rejectHeld(db, signed)
    })
    const workflowIds: string[] = []
    let report: WorkReport | null = null
    for (const part of chunksOf(addressIds, MAX_ADDRESS_IDS)) {
      const request = { connectionId, addressIds: part, dryRun: false }
      const resynced = await runResync(temporal, request, progress)
      workflowIds.push(resynced.workflowId)
      report = report === null ? resynced.report : addWork(report, resynced.report)
    }
    const decision = action === 'approve' ? 'approved' : 'rejected'
    return { connectionId, decision, cells, addresses: addressIds.length, workflowIds, report }
  })
}
