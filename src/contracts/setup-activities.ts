import type { SetupAction, SetupPause, StepChoice, StepPreview } from './setup.js'

/** What the set-up workflow asks of activities. References and words only. */

/** A step of set-up, as the workflow shows it. */
export interface StepDescription {
  readonly id: string
  readonly title: string
  /** Seconds that it usually takes. */
  readonly weight: number
  /** Whether Support may leave it out where it failed. Absent: planned by an earlier release, and it may not. */
  readonly skippable?: boolean
}

/** What set-up is about. */
export interface SetupPlan {
  readonly connectionId: string
  readonly crm: string
  readonly steps: readonly StepDescription[]
}

/** What running a step came to; failures are thrown. */
export type StepOutcome =
  | { readonly state: 'done' | 'skipped'; readonly note: string | null }
  | { readonly state: 'paused'; readonly pause: SetupPause }

/** A decision of Support, to be kept as evidence (E3). */
export interface SetupDecision {
  /** Makes keeping it twice harmless. */
  readonly decisionId: string
  readonly connectionId: string
  readonly step: string | null
  readonly action: SetupAction | 'pause' | 'resume'
  readonly reason: string
  readonly by: string
  readonly choice: StepChoice | null
}

/** Activities of set-up. */
export interface SetupActivities {
  /** Steps of a connection's set-up, in order. */
  planSetup(input: { connectionId: string }): Promise<SetupPlan>
  /** Looks, does what is missing, looks again. Safe to repeat and to kill. */
  runSetupStep(input: {
    connectionId: string
    stepId: string
    choice: StepChoice | null
  }): Promise<StepOutcome>
  /** Only looks. */
  previewSetupStep(input: { connectionId: string; stepId: string }): Promise<StepPreview>
  /** Keeps what Support decided, append-only. */
  keepSetupDecision(input: SetupDecision): Promise<void>
  /** How many addresses wait for a pass, for the first sync's progress. */
  countDue(input: { connectionId: string }): Promise<number>
}
