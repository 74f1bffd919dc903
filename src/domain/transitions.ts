/** Allowed transitions, as tables (docs/transitions.md shows them). No other one happens. */

/** The next states of each state; an empty list is an end. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>

/**
 * Moves to the next state; staying is no transition.
 * @returns the next state.
 * @throws Error if the table has no such transition: a fault in the code.
 */
export function moved<State extends string>(
  table: Transitions<State>,
  from: State,
  to: State,
): State {
  if (from !== to && !table[from].includes(to)) {
    throw new Error(`Illegal transition from ${from} to ${to}.`)
  }
  return to
}

/** States of a step of set-up or disconnect. A waiting one stays `paused` while it is tried again. */
export const STEP_TRANSITIONS = {
  // A step can be aborted before it begins.
  pending: ['running', 'failed'],
  running: ['paused', 'done', 'skipped', 'failed'],
  paused: ['done', 'skipped', 'failed'],
  done: [],
  skipped: [],
  failed: [],
} as const satisfies Transitions<string>

/** State of a step. */
export type StepState = keyof typeof STEP_TRANSITIONS

/** Phases of set-up or disconnect: working, or waiting for a person. */
export const STEPS_PHASE_TRANSITIONS = {
  running: ['paused', 'done', 'failed'],
  // Cancelled in Temporal, it fails without running again.
  paused: ['running', 'failed'],
  done: [],
  failed: [],
} as const satisfies Transitions<string>

/** Phase of a workflow of steps. */
export type StepsPhase = keyof typeof STEPS_PHASE_TRANSITIONS

/** Phases of a pre-send. A stop or the deadline moves it to `deciding` from any phase. */
export const PRE_SEND_TRANSITIONS = {
  waiting: ['preparing'],
  preparing: ['syncing', 'deciding'],
  syncing: ['deciding'],
  deciding: ['done', 'aborted'],
  done: [],
  aborted: [],
} as const satisfies Transitions<string>

/** Phase of a pre-send. */
export type PreSendPhase = keyof typeof PRE_SEND_TRANSITIONS

/** What a decision does to the waiting step. */
export type DecisionEffect = 'tried again' | 'skipped' | 'failed'

/** Decisions of Support on a waiting step, whatever the CRM (rule E3). */
export const DECISIONS = {
  retry: 'tried again',
  skip: 'skipped',
  abort: 'failed',
} as const satisfies Readonly<Record<string, DecisionEffect>>

/** What Support may decide, whatever the CRM. */
export type CommonAction = keyof typeof DECISIONS

/** What a decision does. With an action of the CRM the step is tried again. */
export function effectOf(action: string): DecisionEffect {
  return isKey(DECISIONS, action) ? DECISIONS[action] : 'tried again'
}

/** How a pause can end without a person, and what a preview sees behind it. */
export interface PauseNature {
  /**
   * Set-up checks again by itself: somebody fixes the cause outside, and only one answer exists. Other pauses need a
   * person's word or choice; refused sign-ins may lock a user out.
   */
  readonly looksAgain: boolean
  /** A preview cannot see past it: each further check would be one more refused sign-in. */
  readonly closesPreview: boolean
}

/** Why a step of any CRM waits for a person (rule E2). A CRM's own reasons say themselves what they are like. */
export const PAUSES = {
  privilegeMissing: { looksAgain: true, closesPreview: false },
  gatewayUnreachable: { looksAgain: true, closesPreview: false },
  tenantUnavailable: { looksAgain: true, closesPreview: true },
  authFailed: { looksAgain: false, closesPreview: true },
  // A repetition has unknown effects.
  stepFailed: { looksAgain: false, closesPreview: false },
} as const satisfies Readonly<Record<string, PauseNature>>

/** Why a step of any CRM waits. */
export type CommonPauseCode = keyof typeof PAUSES

/** What a pause of this code is like, whatever the CRM; null: the code is one CRM's, or another release's. */
export function commonPause(code: string): PauseNature | null {
  return isKey(PAUSES, code) ? PAUSES[code] : null
}

function isKey<T extends object>(table: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(table, key)
}
