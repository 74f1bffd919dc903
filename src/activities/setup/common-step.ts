import type { SetupStep, StepContext, StepVerdict } from '../../crm/crm.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import type { KeepFacts } from './one-attempt.js'

/** What doing a step came to. */
export type DoneVerdict = Extract<StepVerdict, { readonly state: 'done' | 'skipped' }>

/** A step as the runner takes it: the CRM's own, and those that every CRM has. */
export interface CommonStep {
  readonly id: string
  readonly title: string
  /** Seconds that it usually takes. */
  readonly weight: number
  /** Looks before. */
  verify(session: SyncSession, context: StepContext): Promise<StepVerdict>
  /** What doing it would change, for a preview: of a step that is done again whenever it is asked. Absent: as `verify`. */
  preview?(session: SyncSession, context: StepContext): Promise<StepVerdict>
  /** @param keep keeps at once what must be known before the CRM hears of it. */
  do(session: SyncSession, context: StepContext, keep: KeepFacts): Promise<DoneVerdict>
  /** Looks after. */
  check(session: SyncSession, context: StepContext): Promise<StepVerdict>
}

/** A step of the CRM's folder as one of the runner. */
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
