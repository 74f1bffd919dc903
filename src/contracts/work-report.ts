/** Requests spent on each side. */
export interface Requests {
  readonly emarketeer: number
  readonly crm: number
}

/** Writes made on each side. */
export interface Writes {
  readonly emarketeer: number
  readonly crm: number
}

/** What a piece of sync work came to. */
export interface WorkReport {
  readonly requests: Requests
  readonly writes: Writes
  readonly addresses: number
  readonly decisions: number
  /** Loosenings that wait for approval (F4). */
  readonly held: number
}
