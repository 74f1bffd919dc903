/** What may follow what, as tables (docs/transitions.md shows them). What stands in none of them does not happen. */

/** For each state, what may come next; nothing: it is the end. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>

/**
 * Goes from one state to the next. Staying where it is, is no transition.
 * @returns the next state.
 * @throws Error where the table has no such transition: a mistake of ours, and no input's.
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

/** A step of set-up or of a disconnect. One that waits stays `paused` while it is tried again. */
export const STEP_TRANSITIONS = {
  // Held back before it begins, it can be aborted.
  pending: ['running', 'failed'],
  running: ['paused', 'done', 'skipped', 'failed'],
  paused: ['done', 'skipped', 'failed'],
  done: [],
  skipped: [],
  failed: [],
} as const satisfies Transitions<string>

/** State of a step. */
export type StepState = keyof typeof STEP_TRANSITIONS

/** The phase of set-up or of a disconnect: it waits for a person, or works. */
export const STEPS_PHASE_TRANSITIONS = {
  running: ['paused', 'done', 'failed'],
  // Cancelled in Temporal, it fails without running again.
  paused: ['running', 'failed'],
  done: [],
  failed: [],
} as const satisfies Transitions<string>

/** Phase of a workflow of steps. */
export type StepsPhase = keyof typeof STEPS_PHASE_TRANSITIONS

/** The phase of a pre-send. Whoever stops it, or the deadline, takes it to `deciding` from wherever it is. */
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

/** What a decision makes of the step that waits; what it needs to be made. */
export interface Decision {
  readonly step: 'tried again' | 'skipped' | 'failed'
  readonly needs: 'formId' | 'tab' | 'viewId' | null
}

/** What Support may decide about a step that waits (rule E3). */
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

/** How a pause goes on without a person, and what a preview still sees behind it. */
export interface PauseNature {
  /**
   * Somebody mends it outside without telling us, and then there is only one answer: set-up looks again by itself. Others
   * are a person's word, or a choice; refused sign-ins may lock a user out.
   */
  readonly looksAgain: boolean
  /** Nothing more can be seen behind it: each further look would be one more refused sign-in. */
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
  // A table of our name that is gone for a moment, while somebody works on it, is not ours to make.
  columnTypeClash: { looksAgain: false, closesPreview: false },
  purposeMissing: { looksAgain: true, closesPreview: false },
  tenantUnavailable: { looksAgain: true, closesPreview: true },
  // Whether others use our user is a person's word (rule E3): their traces going away is no such word.
  userNotDedicated: { looksAgain: false, closesPreview: false },
  authFailed: { looksAgain: false, closesPreview: true },
  // Nobody knows what it would do again.
  stepFailed: { looksAgain: false, closesPreview: false },
} as const satisfies Readonly<Record<string, PauseNature>>

/** Why a step waits. */
export type PauseCode = keyof typeof PAUSES
