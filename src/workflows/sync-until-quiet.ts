import type { RunReference } from '../contracts/sync-activities.js'
import { sync } from './activity-proxies.js'
import { addWork, NO_WORK, type WorkTotals } from './work-totals.js'

/**
 * Passes over everything that is due, then releases or holds what would make people mailable (F4). `copy`: both sides
 * have just been caught up, so nothing is read twice.
 */
export async function syncUntilQuiet(
  run: RunReference,
  reading: 'direct' | 'copy',
  onProgress: (totals: WorkTotals) => void,
): Promise<WorkTotals> {
  let totals = NO_WORK
  for (let more = true; more;) {
    const report = await sync.syncDue({ ...run, reading })
    totals = addWork(totals, report)
    more = report.more
    onProgress(totals)
  }
  const settled = await sync.settleRun(run)
  totals = addWork(totals, settled)
  onProgress(totals)
  return totals
}
