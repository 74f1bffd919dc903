export interface Requests {
  readonly emarketeer: number
  readonly crm: number
}

export interface Writes {
  readonly emarketeer: number
  readonly crm: number
}

/** Result of an activity's sync work. */
export interface WorkReport {
  readonly requests: Requests
  readonly writes: Writes
  readonly addresses: number
  readonly decisions: number
  /** Loosenings that wait for approval (F4). */
  readonly held: number
}

export const NO_WORK: WorkReport = {
  requests: { emarketeer: 0, crm: 0 },
  writes: { emarketeer: 0, crm: 0 },
  addresses: 0,
  decisions: 0,
  held: 0,
}

/** Adds two reports in one step, so that parallel activities lose nothing. */
export function addWork(a: WorkReport, b: Partial<WorkReport>): WorkReport {
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
