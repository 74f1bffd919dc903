import type { CrmFacts, CrmSession, SetupStep, StepContext, StepVerdict } from '../../crm.js'
import { DynamicsSession } from '../session.js'
import { asSetupError } from './as-setup-error.js'
import { lookOnly } from '../../look-only.js'

/** A step of ours: as {@link SetupStep}, with the opened environment itself and not only what every CRM has. */
export interface DynamicsStep {
  readonly id: string
  readonly title: string
  /** Seconds that it usually takes in a real organisation. */
  readonly weight: number
  /** It builds what only subscriptions need: skipped where they are not kept in step; undone all the same. */
  readonly forSubscriptions?: boolean
  /** Looks only, also where no earlier step has been done: facts may be absent, tables too. */
  verify(session: DynamicsSession, context: StepContext): Promise<StepVerdict>
  /** Does what is missing. @returns facts to keep. @throws SetupPaused, UpstreamError, AppError. */
  do(session: DynamicsSession, context: StepContext): Promise<CrmFacts>
  /** Removes what was installed; nothing there is fine. @returns facts to change (null forgets one). */
  undo(session: DynamicsSession, context: StepContext): Promise<CrmFacts>
}

/**
 * Makes it a step of the generic runner: a 403 anywhere becomes the pause `privilegeMissing`, refused credentials
 * `authFailed`, and the organisation's customization lock the retryable `crm_customization_locked`.
 */
export function setupStep(step: DynamicsStep): SetupStep {
  const { id, title, weight } = step
  return {
    id,
    title,
    weight,
    verify(session, context) {
      if (context.choice?.action === 'skip') {
        return Promise.resolve({ state: 'skipped', note: 'Skipped as Support chose.' })
      }
      if (step.forSubscriptions === true && !context.subscriptionSync) {
        const note = 'Subscriptions are not kept in step, so that nothing is built for them.'
        return Promise.resolve({ state: 'skipped', note })
      }
      return translated(session, (own) => step.verify(own, context))
    },
    do: (session, context) => translated(session, (own) => step.do(own, context)),
    undo: (session, context) => translated(session, (own) => step.undo(own, context)),
  }
}

async function translated<T>(
  session: CrmSession,
  act: (session: DynamicsSession) => Promise<T>,
): Promise<T> {
  if (!(session instanceof DynamicsSession)) {
    throw new TypeError('a Dynamics step needs a Dynamics session')
  }
  try {
    return await act(session)
  } catch (error) {
    throw asSetupError(error, session.facts)
  }
}

/** A step that makes nothing: to do it is to look, and there is nothing to undo. */
export function checkStep(step: Omit<DynamicsStep, 'do' | 'undo'>): DynamicsStep {
  return {
    ...step,
    do: (session, context) => lookOnly(step.verify(session, context)),
    undo: () => Promise.resolve({}),
  }
}
