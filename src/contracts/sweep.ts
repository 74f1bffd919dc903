import type { Refusal } from './refusal.js'
import type { WorkReport } from './work-report.js'

/** A sweep that has not ended for so long, or a connection that was not swept for so long, shows as failed. */
export const SWEEP_LATE_MS = 2 * 60 * 60_000

/**
 * What is known of a sweep. `refused`: the CRM refuses us. `skipped`: the cron found another one under way. `late`: it has
 * not ended for {@link SWEEP_LATE_MS}.
 */
export type SweepOutcome = 'done' | 'failed' | 'refused' | 'skipped' | 'cancelled' | 'late'

/** What a sweep came to, for `connection show`. */
export interface SweepNote {
  readonly connectionId: string
  readonly outcome: SweepOutcome
  /** Why, by code and in words; null where it is done. */
  readonly code: string | null
  readonly message: string | null
  /** What could not be read, and what of its housekeeping could not be done, in words. */
  readonly untidy: readonly string[]
}

/** Result of `sweepRun` and of each run of `backgroundSweep`. */
export interface SweepResult extends WorkReport {
  /** What lies in the CRM and is left alone, in sentences (C2, D3); empty until the sweep has looked. */
  readonly notices: readonly string[]
  /** The CRM refuses us: what was due stays so. Absent: everything was read. */
  readonly refused?: Refusal
  /** Another sweep was under way all the time; this one has done nothing. */
  readonly skipped?: true
  /** It was cancelled in Temporal: not everything was passed over. The cron goes on. */
  readonly cancelled?: true
  /** What could not be read, and what of the housekeeping could not be done, in words; absent: all was. */
  readonly untidy?: readonly string[]
}
