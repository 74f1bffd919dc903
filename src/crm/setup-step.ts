import type { PlannedChange, SetupPause, StepChoice } from '../contracts/setup.js'
import type { CallContext } from '../http/call-context.js'
import type { CrmClient } from './session.js'
import type { CrmFacts } from './facts.js'

/** What a look at a step's subject came to. */
export type StepVerdict =
  /** Everything is there as it should be. `note`: something worth telling that is no fault (a renamed form). */
  | { readonly state: 'done'; readonly facts?: CrmFacts; readonly note?: string }
  /** Something is missing; `changes` says in plain words what {@link SetupStep.do} would create or change. */
  | { readonly state: 'due'; readonly changes: readonly PlannedChange[] }
  /** Not wanted, or not possible here and not needed: the step ends `skipped` with the reason. */
  | { readonly state: 'skipped'; readonly note: string; readonly facts?: CrmFacts }
  /** The target is not certain, or something is missing that only a person can give (E2). */
  | { readonly state: 'paused'; readonly pause: SetupPause }

/** What a step is given beside the opened connection. */
export interface StepContext extends CallContext {
  /** What Support chose for this step (useForm, useTab, useView, createTab, publishAll), or null. */
  readonly choice: StepChoice | null
  /** Whether subscriptions are kept in step: without them nothing is built for them (D1). */
  readonly subscriptionSync: boolean
}

/**
 * One step of set-up: data for the generic runner, which looks (`verify`), does what is missing (`do`), and looks
 * again. Each is safe to repeat and to kill anywhere. A failure is thrown; a {@link SetupPaused} pauses.
 */
export interface SetupStep {
  readonly id: string
  readonly title: string
  /** Seconds that it usually takes; shares of the whole for percent and time left. */
  readonly weight: number
  /** Looks only: never changes anything, and works also where earlier steps have not been done (preview). */
  verify(crm: CrmClient, context: StepContext): Promise<StepVerdict>
  /** Does what is missing. @returns facts to keep, merged over the earlier ones. */
  do(crm: CrmClient, context: StepContext): Promise<CrmFacts>
  /**
   * Removes what the step installed; nothing there is fine. Run in reverse order of the steps.
   * @returns facts to change (null forgets one).
   */
  undo(crm: CrmClient, context: StepContext): Promise<CrmFacts>
}

/** Thrown by a step that found, while doing, that a person has to decide or to give something (E2). */
export class SetupPaused extends Error {
  override readonly name = 'SetupPaused'

  constructor(readonly pause: SetupPause) {
    super(pause.message)
  }
}
