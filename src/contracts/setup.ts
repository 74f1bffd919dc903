import type { StepState } from '../domain/transitions.js'
import type { Phase } from './names.js'

/**
 * Set-up for Support and the command line: status, pauses, overrides (rules E1–E3). The names are a contract
 * (docs/driving.md). The only personal data is the name that Support states with an override.
 */

export type { StepState }

/** A value that Temporal can store. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** The meaning of an action of one CRM, defined in the CRM's folder. The step is tried again with the action. */
export interface ActionMeaning {
  /** The effect of the action, in a few words for Support. */
  readonly words: string
  /** The field of the `override` message that it needs. */
  readonly needs?: string
  /** The list in the pause's `seen` whose items the field may name, each by the first of these keys that it has. */
  readonly among?: { readonly list: string; readonly by: readonly string[] }
  /** A field that may be given in addition. If its value is the one that was `seen`, an earlier choice of it stays. */
  readonly keeps?: string
  /** A field of an earlier choice that does not apply any more. */
  readonly forgets?: string
}

/** The meaning of a pause with a code of one CRM, defined in the CRM's folder. */
export interface PauseMeaning {
  /** Set-up checks again without a person, as `PauseNature.looksAgain` states; absent: it waits for a person. */
  readonly looksAgain?: boolean
  /** A field of the choice that led to this pause, and that is not tried again. */
  readonly forgets?: string
  /** What a person confirms with `skip`; absent: it only leaves out the step. */
  readonly skipConfirms?: string
}

/** The meanings of a CRM's actions, by their names. */
export type ActionMeanings = Readonly<Record<string, ActionMeaning>>

/** The meanings of a CRM's pauses, by their codes. */
export type PauseMeanings = Readonly<Record<string, PauseMeaning>>

/** Why a step waits, what it found, and what Support can choose. */
export interface SetupPause extends PauseMeaning {
  /** A code that every CRM has, or the CRM's own. */
  readonly code: string
  /** For people: the problem and the remedy. */
  readonly message: string
  /** Names of actions. */
  readonly choices: readonly string[]
  /**
   * The meanings of the CRM's own actions, whether or not this pause offers them. Absent: a pause that every CRM has,
   * or one from before pauses stored the meanings.
   */
  readonly actions?: ActionMeanings
  /** What the step found, so that a person can choose without opening the CRM: forms with ids and names, tabs … */
  readonly seen: { readonly [key: string]: Json }
}

/** Support's choice as a step receives it: the action, and the fields that it and earlier actions need. */
export interface StepChoice {
  readonly action: string
  readonly [field: string]: string | undefined
}

/** The `override` message: a choice with its evidence. */
export interface SetupOverride extends StepChoice {
  readonly step: string
  readonly reason: string
  readonly by: string
}

/** The `pause` and `resume` messages. */
export interface SetupIntervention {
  readonly reason: string
  readonly by: string
}

/** A change that a step would make. */
export interface PlannedChange {
  readonly what: string
  /** For a form: the change as a unified diff. */
  readonly diff?: string
}

/** State of a step. Times are ISO 8601 in UTC. */
export interface StepStatus {
  readonly id: string
  readonly title: string
  readonly state: StepState
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly attempts: number
  readonly pause: SetupPause | null
  /** Why it was skipped, or another remark. */
  readonly note: string | null
}

/** Answer of the query `status`, and the workflow's result. */
export interface SetupStatus {
  readonly connectionId: string
  readonly phase: Phase
  /** 0–100. */
  readonly percent: number
  /** Estimate from the steps' usual durations and this run's pace, without waits for a person. */
  readonly remainingSeconds: number
  /** The result; null while it runs. */
  readonly result: 'done' | 'aborted' | null
  /** Set while Support holds it. */
  readonly heldBy: (SetupIntervention & { readonly at: string }) | null
  readonly steps: readonly StepStatus[]
  /** Results of messages, newest last; at most ten. */
  readonly messages: readonly { readonly at: string; readonly text: string }[]
}

/** Answer of the `override` update. */
export interface OverrideAnswer {
  readonly accepted: true
  readonly step: string
  readonly action: string
}

/** Input of `connectionSetup`, `dynamicsSetup` and `superOfficeSetup`. */
export interface SetupInput {
  readonly connectionId: string
  /** Only checks, and returns a {@link SetupPreview}. */
  readonly dryRun?: boolean
}

export interface SetupPreview {
  readonly connectionId: string
  readonly crm: string
  readonly steps: readonly StepPreview[]
}

export interface StepPreview {
  readonly id: string
  readonly title: string
  /** `nothing`: everything exists already. */
  readonly state: 'nothing' | 'changes' | 'pauses' | 'skipped'
  readonly changes: readonly PlannedChange[]
  readonly pause: SetupPause | null
  readonly note: string | null
}

/** Input of `disconnect`. */
export interface DisconnectInput {
  readonly connectionId: string
  /**
   * False: sweeps and webhooks end, and everything else stays (C8). True: what set-up installed in the CRM is also
   * removed.
   */
  readonly removeInstalled: boolean
  readonly reason: string
  readonly by: string
}
