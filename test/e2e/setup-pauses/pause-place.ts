import type { StepState } from '../../../src/contracts/setup.js'

/** An organisation of a stand-in, of one case's own, and the connection file that connects to it. */
export interface Organisation {
  /** Of the connection file: `crm` and its section. */
  readonly connects: Readonly<Record<string, unknown>>
  /** What of ours stands in it, and whether the opt-out of its one person has arrived. */
  standing(): Promise<Readonly<Record<string, unknown>>>
  close(): Promise<void>
}

/** What names a choice: the form, tab or view. */
export type Names = Readonly<Partial<Record<'formId' | 'tab' | 'viewId', string>>>

/** What Support or a colleague does in the course of a set-up until the pause is reached. */
export interface Course {
  /** Set-up has come to rest at this step. */
  waitsAt(step: string): Promise<void>
  /** Support decides the step that waits. */
  decide(step: string, action: string, names?: Names): Promise<void>
  /** Set-up has ended. */
  ended(): Promise<void>
  /** A set-up that has ended is begun again. */
  beginAgain(): Promise<void>
  /** The gateway cannot be reached, or can be again. */
  gateway(state: 'up' | 'down'): Promise<void>
  /** eMarketeer answers set-up's calls of this connection with this status, or as always. */
  emarketeer(
    fault: { readonly method: string; readonly path: string; readonly status: number } | null,
  ): Promise<void>
}

/** Where set-up is after a choice: at its end, or waiting at a step for a reason. */
export type Next = 'done' | 'aborted' | { readonly step: string; readonly code: string }

/** One choice of a pause. */
export interface ChoiceCase<Org> {
  readonly names?: Names
  /** What is fixed before the choice is sent. */
  readonly mend?: (org: Org, course: Course) => Promise<void>
  /** The same in words, for the table in docs/setup-pauses.md. */
  readonly fixed?: string
  /** What becomes of it, in words. */
  readonly then: string
  readonly next: Next
  /** State of the step afterwards. */
  readonly state: StepState
  /** What must stand in the organisation and in the product. */
  readonly stands: Readonly<Record<string, unknown>>
}

/** A pause at the place where it arises, with every choice that it offers. */
export interface PausePlace<Org extends Organisation> {
  readonly code: string
  readonly step: string
  /** How it comes to it, in words. */
  readonly when: string
  readonly start: () => Promise<Org>
  /** Makes the situation, before set-up begins. */
  readonly make?: (org: Org, course: Course) => Promise<void>
  /** Leads set-up to the pause, where it does not come there by itself. */
  readonly lead?: (course: Course, org: Org) => Promise<void>
  readonly choices: Readonly<Record<string, ChoiceCase<Org>>>
}

/** The choice that every pause has: set-up ends, nothing syncs, and what was made stays. */
export const ABORT: ChoiceCase<Organisation> = {
  then: 'set-up ends as `aborted`; the connection does not become active, nothing is synced',
  next: 'aborted',
  state: 'failed',
  stands: { connection: 'settingUp', sweep: false, optedOut: false },
}

/** What stands wherever set-up has come to its end. */
export const SET_UP = { connection: 'active', sweep: true, optedOut: true } as const
