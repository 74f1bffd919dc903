import type { StepState } from '../../../src/contracts/setup.js'

/** An organisation of a stand-in for one case, and the connection file that connects to it. */
export interface Organisation {
  /** Part of the connection file: `crm` and its section. */
  readonly connects: Readonly<Record<string, unknown>>
  /** Our parts in it, and whether the opt-out of its one person has arrived. */
  standing(): Promise<Readonly<Record<string, unknown>>>
  close(): Promise<void>
}

/** The names for a choice: the form, tab or view. */
export type Names = Readonly<Partial<Record<'formId' | 'tab' | 'viewId', string>>>

/** Acts of Support or a colleague during a set-up until the pause is reached. */
export interface Course {
  /** Waits until set-up is at rest at this step. */
  waitsAt(step: string): Promise<void>
  /** Support decides the step that waits. */
  decide(step: string, action: string, names?: Names): Promise<void>
  /** Set-up has ended. */
  ended(): Promise<void>
  /** Starts a set-up again that has ended. */
  beginAgain(): Promise<void>
  /** Makes the gateway unreachable, or reachable again. */
  gateway(state: 'up' | 'down'): Promise<void>
  /** eMarketeer answers set-up's calls of this connection with this status, or as usual. */
  emarketeer(
    fault: { readonly method: string; readonly path: string; readonly status: number } | null,
  ): Promise<void>
}

/** The state of set-up after a choice: at its end, or waiting at a step for a reason. */
export type Next = 'done' | 'aborted' | { readonly step: string; readonly code: string }

/** One choice of a pause. */
export interface ChoiceCase<Org> {
  readonly names?: Names
  /** Fixes before the choice is sent. */
  readonly mend?: (org: Org, course: Course) => Promise<void>
  /** The same as text, for the table in docs/setup-pauses.md. */
  readonly fixed?: string
  /** The result as text. */
  readonly then: string
  readonly next: Next
  /** State of the step afterwards. */
  readonly state: StepState
  /** The expected state of the organisation and of the product. */
  readonly stands: Readonly<Record<string, unknown>>
}

/** A pause at the place where it occurs, with every choice that it offers. */
export interface PausePlace<Org extends Organisation> {
  readonly code: string
  readonly step: string
  /** The situation as text. */
  readonly when: string
  readonly start: () => Promise<Org>
  /** Creates the situation before set-up begins. */
  readonly make?: (org: Org, course: Course) => Promise<void>
  /** Leads set-up to the pause, if it does not get there by itself. */
  readonly lead?: (course: Course, org: Org) => Promise<void>
  readonly choices: Readonly<Record<string, ChoiceCase<Org>>>
}

/** The choice that every pause has: set-up ends, nothing syncs, and created parts stay. */
export const ABORT: ChoiceCase<Organisation> = {
  then: 'set-up ends as `aborted`; the connection does not become active, nothing is synced',
  next: 'aborted',
  state: 'failed',
  stands: { connection: 'settingUp', sweep: false, optedOut: false },
}

/** The expected state whenever set-up has completed. */
export const SET_UP = { connection: 'active', sweep: true, optedOut: true } as const
