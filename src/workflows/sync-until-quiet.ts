import type {
  DueCursor,
  DueReport,
  RunReference,
  SyncActivities,
} from '../contracts/sync-activities.js'
import { sync } from './activity-proxies.js'
import { addWork, NO_WORK, type WorkReport } from '../contracts/work-report.js'
import { INBOX_SHARDS } from '../contracts/names.js'

/** Options of a pass over everything due. */
interface QuietOptions {
  /** Activities with endless retries, or with bounded ones. */
  readonly work: Pick<SyncActivities, 'syncDue' | 'settleRun'>
  /** Waits between two parts of the work while somebody holds it. */
  readonly pausePoint?: () => Promise<void>
  /** Whether to start nothing more. */
  readonly isOver?: () => boolean
}

/**
 * Runs a pass over every due address, then releases or holds what would make people mailable (F4). `copy`: both sides
 * have just been read, so nothing is read twice.
 */
export async function syncUntilQuiet(
  run: RunReference,
  reading: 'direct' | 'copy',
  onProgress: (totals: WorkReport) => void,
  { work, pausePoint, isOver }: QuietOptions = { work: sync },
): Promise<WorkReport> {
  let totals = NO_WORK
  let place: DueCursor | null = null
  do {
    const report: DueReport = await work.syncDue({ ...run, reading, place })
    totals = addWork(totals, report)
    place = report.next
    onProgress(totals)
    await pausePoint?.()
    if (isOver?.()) {
      return totals
    }
  } while (place !== null)
  const settled = await work.settleRun(run)
  totals = addWork(totals, settled)
  onProgress(totals)
  return totals
}

/**
 * Handles all waiting hints, also those that came while no workflow was signalled (a connection in set-up, Temporal
 * unreachable, a failed drain). Until then a hint of a deny keeps its contact off every list.
 */
export async function drainAll(run: RunReference): Promise<WorkReport> {
  let totals = NO_WORK
  for (let shard = 0; shard < INBOX_SHARDS; shard += 1) {
    const drained = await sync.drainInbox({ ...run, shard })
    totals = addWork(totals, drained)
  }
  return totals
}
