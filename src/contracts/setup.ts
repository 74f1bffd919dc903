import {
  DECISIONS,
  PAUSES,
  type PauseCode,
  type SetupAction,
  type StepState,
} from '../domain/transitions.js'
import type { Phase } from './names.js'

/**
 * Set-up for Support and the command line: status, pauses, overrides (rules E1–E3). The names are a contract
 * (docs/driving.md). No personal data but the name that Support gives with an override.
 */

/** Support's possible decisions about a paused step. */
export const SETUP_ACTIONS = Object.keys(DECISIONS) as readonly SetupAction[]

/** Why a step waits for a person (E2). */
export const PAUSE_CODES = Object.keys(PAUSES) as readonly PauseCode[]

export type { PauseCode, SetupAction, StepState }

/** A value that Temporal can carry. */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

/** Why a step waits, what it found, and Support's choices. */
export interface SetupPause {
  readonly code: PauseCode
  /** In plain words: the fault, and what to do. */
  readonly message: string
  readonly choices: readonly SetupAction[]
  /** What the step found, so that Support can choose without opening the CRM: forms with ids and names, tabs … */
  readonly seen: { readonly [key: string]: Json }
}

/** Support's choice, as a step gets it. */
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
  readonly action: SetupAction
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
