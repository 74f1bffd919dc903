import type { Requests, WorkReport, Writes } from '../contracts/work-report.js'

/** What a workflow's activities came to, added up. Each report is added in one step: parallel lanes lose nothing. */
export interface WorkTotals {
  readonly requests: Requests
  readonly writes: Writes
  readonly addresses: number
  readonly decisions: number
  readonly held: number
}

/** Nothing yet. */
export const NO_WORK: WorkTotals = {
  requests: { emarketeer: 0, crm: 0 },
  writes: { emarketeer: 0, crm: 0 },
  addresses: 0,
  decisions: 0,
  held: 0,
}

/** The sum of both. */
export function addWork(a: WorkTotals, b: Partial<WorkReport>): WorkTotals {
  return {
    requests: addSides(a.requests, b.requests),
    writes: addSides(a.writes, b.writes),
    addresses: a.addresses + (b.addresses ?? 0),
    decisions: a.decisions + (b.decisions ?? 0),
    held: a.held + (b.held ?? 0),
  }
}

function addSides(a: Requests, b: Requests | undefined): Requests {
  return { emarketeer: a.emarketeer + (b?.emarketeer ?? 0), crm: a.crm + (b?.crm ?? 0) }
}
