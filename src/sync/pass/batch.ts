/** Counts of sync work. They can be added up over batches. */
export interface SyncCounts {
  readonly addresses: number
  /** Addresses present on both sides. */
  readonly linked: number
  /** Decisions that wrote. */
  readonly decisions: number
  /** Decisions whose proof was spoiled only by an unrelated edit. */
  readonly ambiguous: number
  readonly emarketeerWrites: number
  readonly crmWrites: number
  /** Loosenings that wait for the end of their run or for approval (F4). */
  readonly staged: number
  /** Subscription rows that exceed the day's budget (D3). */
  readonly rowsPostponed: number
}

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

export function addCounts(a: SyncCounts, b: SyncCounts): SyncCounts {
  const keys = Object.keys(a) as (keyof SyncCounts)[]
  return Object.fromEntries(keys.map((key) => [key, a[key] + b[key]])) as unknown as SyncCounts
}

/** How to sync a batch. */
export interface BatchOptions {
  /**
   * `direct`: both sides are read now. `copy`: the copy of both sides was just brought up to date. `done`: exactly
   * these addresses were just read directly. Addresses whose copy is inconsistent come back in `again`.
   */
  readonly reading: 'direct' | 'copy' | 'done'
  /**
   * `stage`: writes that would make a contact mailable wait for the end of their run (rule F4). `release`: the caller's
   * addresses are no more than the limit, so they are counted and written immediately while the run stays within it;
   * those beyond it, and those that another run staged, wait. `withhold`: nothing that loosens is written or counted,
   * and it stays due; a connection that is paused for loosening only always withholds. Tightening never waits.
   */
  readonly loosening: 'apply' | 'stage' | 'release' | 'withhold'
  /** Addresses that the run has already counted as released, so that nobody is counted twice after a lost race. */
  readonly released?: Set<number>
}
