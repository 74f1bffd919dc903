import type { DuePlace, DueReport, RunReference } from '../contracts/sync-activities.js'
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
  let place: DuePlace | null = null
  do {
    const report: DueReport = await sync.syncDue({ ...run, reading, place })
    totals = addWork(totals, report)
    place = report.next
    onProgress(totals)
  } while (place !== null)
  const settled = await sync.settleRun(run)
  totals = addWork(totals, settled)
  onProgress(totals)
  return totals
}
