import type { Refusal } from './refusal.js'
import type { WorkReport } from './work-report.js'

/** A sweep that runs longer, or a connection that was not swept for longer, is shown as failed. */
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
  /** Code of the reason, and its message; both null if the sweep is done. */
  readonly code: string | null
  readonly message: string | null
  /** Sentences on what could not be read and on housekeeping that could not be done. */
  readonly untidy: readonly string[]
}

/** Result of `sweepRun` and of each run of `backgroundSweep`. */
export interface SweepResult extends WorkReport {
  /** Sentences on the data in the CRM that we do not change (C2, D3); empty until the sweep has read it. */
  readonly notices: readonly string[]
  /** The CRM refuses us: due addresses stay due. Absent: everything was read. */
  readonly refused?: Refusal
  /** Another sweep ran throughout; this one did nothing. */
  readonly skipped?: true
  /** Cancelled in Temporal before it had handled every due address. The cron continues. */
  readonly cancelled?: true
  /** Sentences on what could not be read and on housekeeping that could not be done; absent: there is nothing. */
  readonly untidy?: readonly string[]
}
