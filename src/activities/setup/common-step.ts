import type { SetupStep, StepContext, StepVerdict } from '../../crm/crm.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import type { KeepFacts } from './one-attempt.js'

/** The verdict of `do`. */
export type DoneVerdict = Extract<StepVerdict, { readonly state: 'done' | 'skipped' }>

/** A step in the runner's form: one of the CRM's own, or one that every CRM has. */
export interface CommonStep {
  readonly id: string
  readonly title: string
  /** Usual duration in seconds. */
  readonly weight: number
  /** Checks before `do`. */
  verify(session: SyncSession, context: StepContext): Promise<StepVerdict>
  /** For a preview: what `do` would change, for a step that is always done again. Absent: as `verify`. */
  preview?(session: SyncSession, context: StepContext): Promise<StepVerdict>
  /** @param keep stores facts immediately, before they reach the CRM. */
  do(session: SyncSession, context: StepContext, keep: KeepFacts): Promise<DoneVerdict>
  /** Checks after `do`. */
  check(session: SyncSession, context: StepContext): Promise<StepVerdict>
}

/** Turns a step of the CRM's folder into one of the runner's. */
export function ofDriver(step: SetupStep): CommonStep {
  const verify = (session: SyncSession, context: StepContext) =>
    step.verify(requireCrm(session).client, context)
  return {
    id: step.id,
    title: step.title,
    weight: step.weight,
    verify,
    async do(session, context) {
      return { state: 'done', facts: await step.do(requireCrm(session).client, context) }
    },
    check: verify,
  }
}
