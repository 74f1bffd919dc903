import type { WorkReport } from '../contracts/work-report.js'
import { emptyCounts, type SyncCounts } from '../sync/pass/batch.js'
import type { SyncSession } from '../connection/session.js'

/** The report of an activity's work: counts and requests, no personal data. */
export function report(
  session: SyncSession,
  counts: SyncCounts = emptyCounts(),
  held = 0,
): WorkReport {
  const { emarketeer, crm } = session.call.tally.totals()
  return {
    requests: { emarketeer, crm },
    writes: { emarketeer: counts.emarketeerWrites, crm: counts.crmWrites },
    addresses: counts.addresses,
    decisions: counts.decisions,
    held,
  }
}
