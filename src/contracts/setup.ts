import type { StepState } from '../domain/transitions.js'
import type { Phase } from './names.js'

/**
 * Set-up for Support and the command line: status, pauses, overrides (rules E1–E3). The names are a contract
 * (docs/driving.md). No personal data but the name that Support gives with an override.
 */

export type { StepState }

/** A value that Temporal can carry. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** What an action of one CRM means, from the CRM's folder. The step is tried again with it. */
export interface ActionMeaning {
  /** What it does, in a few words for Support. */
  readonly words: string
  /** The field of the `override` message that it needs. */
  readonly needs?: string
  /** The list in what the pause has `seen` whose things may be named, each by the first of these keys that it has. */
  readonly among?: { readonly list: string; readonly by: readonly string[] }
  /** A field that may be given beside; given again as it was `seen`, it keeps an earlier choice of it. */
  readonly keeps?: string
  /** A field of an earlier choice that says nothing any more. */
  readonly forgets?: string
}

/** What a pause of one CRM's own code means, from the CRM's folder. */
export interface PauseMeaning {
  /** Set-up checks again by itself, as `PauseNature.looksAgain` says; absent: it waits for a person. */
  readonly looksAgain?: boolean
  /** A field of the choice that led to this pause, and that is not tried once more. */
  readonly forgets?: string
  /** What `skip` confirms, in plain words; absent: it only leaves the step out. */
  readonly skipConfirms?: string
}

/** What the actions of a CRM mean, by their names. */
export type ActionMeanings = Readonly<Record<string, ActionMeaning>>

/** What the pauses of a CRM mean, by their codes. */
export type PauseMeanings = Readonly<Record<string, PauseMeaning>>

/** Why a step waits, what was seen, and what Support can choose. */
export interface SetupPause extends PauseMeaning {
  /** One of every CRM, or the CRM's own. */
  readonly code: string
  /** In plain words: what is the matter and what to do. */
  readonly message: string
  /** Actions, by their names. */
  readonly choices: readonly string[]
  /**
   * What the CRM's own actions mean, whether offered here or not. Absent: a pause of every CRM, or one from before pauses
   * carried it.
   */
  readonly actions?: ActionMeanings
  /** What was found, so that a choice can be made without opening the CRM: forms with ids and names, tabs … */
  readonly seen: { readonly [key: string]: Json }
}

/** What Support chose, as a step gets it: the action, and the fields that it and earlier ones need. */
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

/** State of a step. Times are ISO UTC. */
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
  /** Estimate from the steps' usual durations and this run's pace, without a person's waiting. */
  readonly remainingSeconds: number
  /** How it ended; null while it runs. */
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
  /** `nothing`: all of it exists already. */
  readonly state: 'nothing' | 'changes' | 'pauses' | 'skipped'
  readonly changes: readonly PlannedChange[]
  readonly pause: SetupPause | null
  readonly note: string | null
}

/** Input of `disconnect`. */
export interface DisconnectInput {
  readonly connectionId: string
  /** False: sweep and webhooks end, all else stays (C8). True: what set-up installed in the CRM is removed too. */
  readonly removeInstalled: boolean
  readonly reason: string
  readonly by: string
}
