import type { Refusal } from './refusal.js'
import type { WorkReport } from './work-report.js'

/** A sweep that runs longer, or a connection not swept for longer, shows as failed. */
export const SWEEP_LATE_MS = 2 * 60 * 60_000

/**
 * Outcome of a sweep. `refused`: the CRM refuses us. `skipped`: the cron found another sweep running. `late`: it has
 * not ended for {@link SWEEP_LATE_MS}.
 */
export type SweepOutcome = 'done' | 'failed' | 'refused' | 'skipped' | 'cancelled' | 'late'

/** Result of a sweep, for `connection show`. */
export interface SweepNote {
  readonly connectionId: string
  readonly outcome: SweepOutcome
  /** Code and words of the reason; null if it is done. */
  readonly code: string | null
  readonly message: string | null
  /** What could not be read and what housekeeping could not be done, in words. */
  readonly untidy: readonly string[]
}

/** Result of `sweepRun` and of each run of `backgroundSweep`. */
export interface SweepResult extends WorkReport {
  /** What the CRM holds that we leave alone, in sentences (C2, D3); empty until the sweep has looked. */
  readonly notices: readonly string[]
  /** The CRM refuses us: what was due stays due. Absent: everything was read. */
  readonly refused?: Refusal
  /** Another sweep ran all the time; this one has done nothing. */
  readonly skipped?: true
  /** Cancelled in Temporal: it did not pass over everything. The cron goes on. */
  readonly cancelled?: true
  /** What could not be read and what housekeeping could not be done, in words; absent: nothing. */
  readonly untidy?: readonly string[]
}
