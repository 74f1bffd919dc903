import {
  DECISIONS,
  PAUSES,
  type PauseCode,
  type SetupAction,
  type StepState,
} from '../domain/transitions.js'
import type { Phase } from './names.js'

/**
 * Set-up as Support and the command line see it: status, pauses, overrides (rules E1–E3). The names are a contract
 * (docs/driving.md). Holds no personal data but the name that Support gives with an override.
 */

/** What Support may decide about a paused step. */
export const SETUP_ACTIONS = Object.keys(DECISIONS) as readonly SetupAction[]

/** Why a step waits for a person (E2). */
export const PAUSE_CODES = Object.keys(PAUSES) as readonly PauseCode[]

export type { PauseCode, SetupAction, StepState }

/** A value that Temporal can carry. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Why a step waits, what was seen, and what Support can choose. */
export interface SetupPause {
  readonly code: PauseCode
  /** In plain words: what is the matter and what to do. */
  readonly message: string
  readonly choices: readonly SetupAction[]
  /** What was found, so that a choice can be made without opening the CRM: forms with ids and names, tabs … */
  readonly seen: { readonly [key: string]: Json }
}

/** What Support chose, as a step gets it. */
export interface StepChoice {
  readonly action: SetupAction
  readonly formId?: string
  readonly tab?: string
  readonly viewId?: string
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

/** Something that a step would create or change. */
export interface PlannedChange {
  /** In plain words. */
  readonly what: string
  /** For a form: the change as a unified diff. */
  readonly diff?: string
}

/** One step as it stands. Times are ISO UTC. */
export interface StepStatus {
  readonly id: string
  readonly title: string
  readonly state: StepState
  readonly startedAt: string | null
  readonly endedAt: string | null
  /** How often it was begun. */
  readonly attempts: number
  readonly pause: SetupPause | null
  /** Why it was skipped, or something worth knowing. */
  readonly note: string | null
}

/** Answer of the query `status`, and the workflow's result. */
export interface SetupStatus {
  readonly connectionId: string
  readonly phase: Phase
  /** 0–100. */
  readonly percent: number
  /** A guess from the steps' usual durations and this run's pace, a person's waiting not counted. */
  readonly remainingSeconds: number
  /** How it ended; null while it runs. */
  readonly result: 'done' | 'aborted' | null
  /** Set while Support holds it back. */
  readonly heldBy: (SetupIntervention & { readonly at: string }) | null
  readonly steps: readonly StepStatus[]
  /** What messages came to, newest last; at most ten. */
  readonly messages: readonly { readonly at: string; readonly text: string }[]
}

/** Answer of the `override` update. */
export interface OverrideAnswer {
  readonly accepted: true
  readonly step: string
  readonly action: SetupAction
}

/** Input of `connectionSetup`, `dynamicsSetup` and `superOfficeSetup`. */
export interface SetupInput {
  readonly connectionId: string
  /** Only looks, and answers with a {@link SetupPreview}. */
  readonly dryRun?: boolean
}

/** What set-up would do, step by step. */
export interface SetupPreview {
  readonly connectionId: string
  readonly crm: string
  readonly steps: readonly StepPreview[]
}

/** What one step would do. */
export interface StepPreview {
  readonly id: string
  readonly title: string
  /** `nothing`: it is all there already. */
  readonly state: 'nothing' | 'changes' | 'pauses' | 'skipped'
  readonly changes: readonly PlannedChange[]
  readonly pause: SetupPause | null
  readonly note: string | null
}

/** Input of `disconnect`. */
export interface DisconnectInput {
  readonly connectionId: string
  /** False: sweep and webhooks end, all else stays (C8). True: what was installed in the CRM is removed as well. */
  readonly removeInstalled: boolean
  readonly reason: string
  readonly by: string
}
