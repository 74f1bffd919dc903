/** How a batch is to be synced. */
export interface BatchOptions {
  /**
   * `direct`: both sides are read now. `copy`: our copy has just been caught up on both sides, and each address is
   * checked to be consistent; those that are not come back in `again`.
   */
  readonly reading: 'direct' | 'copy'
  /** `stage`: loosening writes wait for the end of their run (rule F4). Tightening ones never wait. */
  readonly loosening: 'apply' | 'stage'
}
