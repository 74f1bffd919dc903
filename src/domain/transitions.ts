/** Allowed transitions, as tables (docs/transitions.md shows them). No other transition happens. */

/** The next states of each state. A state with an empty list is final. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>

/**
 * Moves to the next state. Staying in a state is not a transition.
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
  // If it is cancelled in Temporal, it fails without running again.
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

/** Support's decisions on a waiting step, for every CRM (rule E3). */
export const DECISIONS = {
  retry: 'tried again',
  skip: 'skipped',
  abort: 'failed',
} as const satisfies Readonly<Record<string, DecisionEffect>>

/** A decision that Support has for every CRM. */
export type CommonAction = keyof typeof DECISIONS

/** What a decision does. After an action that one CRM defines, the step is tried again. */
export function effectOf(action: string): DecisionEffect {
  return isKey(DECISIONS, action) ? DECISIONS[action] : 'tried again'
}

/** Whether a pause can end without a person, and whether a preview can continue past it. */
export interface PauseNature {
  /**
   * Set-up checks again by itself, because somebody fixes the cause outside and there is only one possible answer.
   * Other pauses need a person's confirmation or choice; repeated refused sign-ins may lock a user out.
   */
  readonly looksAgain: boolean
  /** A preview stops here, because each further check would be another refused sign-in. */
  readonly closesPreview: boolean
}

/** Why a step of any CRM waits for a person (rule E2). Each CRM defines its own further reasons and their nature. */
export const PAUSES = {
  privilegeMissing: { looksAgain: true, closesPreview: false },
  gatewayUnreachable: { looksAgain: true, closesPreview: false },
  tenantUnavailable: { looksAgain: true, closesPreview: true },
  authFailed: { looksAgain: false, closesPreview: true },
  // Repeating the step has unknown effects.
  stepFailed: { looksAgain: false, closesPreview: false },
} as const satisfies Readonly<Record<string, PauseNature>>

/** Why a step of any CRM waits. */
export type CommonPauseCode = keyof typeof PAUSES

/** The nature of a pause with this code. null: the code belongs to one CRM or to another release. */
export function commonPause(code: string): PauseNature | null {
  return isKey(PAUSES, code) ? PAUSES[code] : null
}

function isKey<T extends object>(table: T, key: string): key is Extract<keyof T, string> {
  return Object.hasOwn(table, key)
}
