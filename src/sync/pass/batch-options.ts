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
