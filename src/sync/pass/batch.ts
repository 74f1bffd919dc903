/** Counts of a piece of sync work; they add up over batches. */
export interface SyncCounts {
  /** Addresses looked at. */
  readonly addresses: number
  /** Of these, present on both sides. */
  readonly linked: number
  /** Decisions that wrote. */
  readonly decisions: number
  /** Of these, with a proof that only an unrelated edit spoiled. */
  readonly ambiguous: number
  readonly emarketeerWrites: number
  readonly crmWrites: number
  /** Loosenings that wait for the end of their run, or for approval (F4). */
  readonly staged: number
  /** Subscription rows left for another day's budget (D3). */
  readonly rowsPostponed: number
}

/** Nothing yet. */
export function emptyCounts(): SyncCounts {
  return {
    addresses: 0,
    linked: 0,
    decisions: 0,
    ambiguous: 0,
    emarketeerWrites: 0,
    crmWrites: 0,
    staged: 0,
    rowsPostponed: 0,
  }
}

/** The sum of both. */
export function addCounts(a: SyncCounts, b: SyncCounts): SyncCounts {
  const keys = Object.keys(a) as (keyof SyncCounts)[]
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as unknown as SyncCounts
}

/** How a batch is to be synced. */
export interface BatchOptions {
  /**
   * `direct`: both sides are read now. `copy`: our copy has just been caught up on both sides, and each address is
   * checked to be consistent; those that are not come back in `again`.
   */
  readonly reading: 'direct' | 'copy'
  /**
   * `stage`: writes that would make somebody mailable wait for the end of their run (rule F4). `withhold`: nothing that
   * loosens is written or counted, and it stays due; a connection that is paused with opt-outs flowing withholds whatever
   * is asked. Tightening ones never wait.
   */
  readonly loosening: 'apply' | 'stage' | 'withhold'
}
