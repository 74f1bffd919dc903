import { INBOX_SHARDS } from '../contracts/names.js'
import type { RunReference } from '../contracts/sync-activities.js'
import { sync } from './activity-proxies.js'
import { addWork, NO_WORK, type WorkReport } from '../contracts/work-report.js'

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
