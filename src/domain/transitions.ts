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

/** What a decision does to the waiting step, and the value it needs. */
export interface Decision {
  readonly step: 'tried again' | 'skipped' | 'failed'
  readonly needs: 'formId' | 'tab' | 'viewId' | null
}

/** Decisions of Support on a waiting step (rule E3). */
export const DECISIONS = {
  retry: { step: 'tried again', needs: null },
  useForm: { step: 'tried again', needs: 'formId' },
  useTab: { step: 'tried again', needs: 'tab' },
  useView: { step: 'tried again', needs: 'viewId' },
  createTab: { step: 'tried again', needs: null },
  publishAll: { step: 'tried again', needs: null },
  skip: { step: 'skipped', needs: null },
  abort: { step: 'failed', needs: null },
} as const satisfies Readonly<Record<string, Decision>>

/** What Support may decide. */
export type SetupAction = keyof typeof DECISIONS

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

/** Why a step waits for a person (rule E2). */
export const PAUSES = {
  formUncertain: { looksAgain: false, closesPreview: false },
  detailsTabMissing: { looksAgain: false, closesPreview: false },
  draftPending: { looksAgain: true, closesPreview: false },
  viewUncertain: { looksAgain: false, closesPreview: false },
  privilegeMissing: { looksAgain: true, closesPreview: false },
  gatewayUnreachable: { looksAgain: true, closesPreview: false },
  // A table with our name that vanishes for a moment, while somebody works on it, is not ours to create.
  columnTypeClash: { looksAgain: false, closesPreview: false },
  purposeMissing: { looksAgain: true, closesPreview: false },
  tenantUnavailable: { looksAgain: true, closesPreview: true },
  // Only a person can say whether others use our user (rule E3): vanished traces do not.
  userNotDedicated: { looksAgain: false, closesPreview: false },
  authFailed: { looksAgain: false, closesPreview: true },
  // A repetition has unknown effects.
  stepFailed: { looksAgain: false, closesPreview: false },
} as const satisfies Readonly<Record<string, PauseNature>>

/** Why a step waits. */
export type PauseCode = keyof typeof PAUSES
