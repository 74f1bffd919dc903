import type { SetupPause, StepChoice, StepPreview } from './setup.js'

/** The set-up workflow's activities. All values are references and texts without personal data. */

export interface StepDescription {
  readonly id: string
  readonly title: string
  /** Usual duration in seconds. */
  readonly weight: number
  /** Whether Support may skip it after a failure. Absent in a plan from an earlier release, which means false. */
  readonly skippable?: boolean
}

export interface SetupPlan {
  readonly connectionId: string
  readonly crm: string
  readonly steps: readonly StepDescription[]
}

/** Result of a step. Failures are thrown. */
export type StepOutcome =
  | { readonly state: 'done' | 'skipped'; readonly note: string | null }
  | { readonly state: 'paused'; readonly pause: SetupPause }

/** A decision by Support, which is stored as evidence (E3). */
export interface SetupDecision {
  /** Identifies it: storing the same id again changes nothing. */
  readonly decisionId: string
  readonly connectionId: string
  readonly step: string | null
  /** One of the choices of the pause, or `pause` or `resume`. */
  readonly action: string
  readonly reason: string
  readonly by: string
  readonly choice: StepChoice | null
}

export interface SetupActivities {
  planSetup(input: { connectionId: string }): Promise<SetupPlan>
  /** Checks, installs what is missing, and checks again. Safe to repeat and to interrupt. */
  runSetupStep(input: {
    connectionId: string
    stepId: string
    choice: StepChoice | null
  }): Promise<StepOutcome>
  /** Checks and changes nothing. */
  previewSetupStep(input: { connectionId: string; stepId: string }): Promise<StepPreview>
  /** Stores Support's decision; append-only. */
  keepSetupDecision(input: SetupDecision): Promise<void>
  /** Number of addresses that wait for a pass; the progress of the first sync. */
  countDue(input: { connectionId: string }): Promise<number>
}
