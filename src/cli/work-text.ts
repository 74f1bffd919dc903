import type { WorkReport } from '../contracts/work-report.js'

/** What a piece of work came to, in words. */
export function workText(report: WorkReport): string {
  const { addresses, decisions, writes, held, requests } = report
  return (
    `${addresses} contacts looked at, ${decisions} decided, ` +
    `${writes.emarketeer} written to eMarketeer, ${writes.crm} to the CRM, ${held} held ` +
    `(requests: eMarketeer ${requests.emarketeer}, CRM ${requests.crm})`
  )
}
