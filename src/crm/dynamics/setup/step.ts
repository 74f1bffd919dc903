import type { CrmFacts, CrmClient, SetupStep, StepContext, StepVerdict } from '../../crm.js'
import { DynamicsCrm } from '../session.js'
import { asSetupError } from './as-setup-error.js'
import { lookOnly } from '../../look-only.js'

/** A step of ours: as {@link SetupStep}, with the opened environment itself and not only what every CRM has. */
export interface DynamicsStep {
  readonly id: string
  readonly title: string
  /** Seconds that it usually takes in a real organisation. */
  readonly weight: number
  /** See {@link SetupStep.without}; absent: it cannot be left out. */
  readonly without?: string
  /** It builds what only subscriptions need: skipped where they are not kept in step; undone all the same. */
  readonly forSubscriptions?: boolean
  /** Looks only, also where no earlier step has been done: facts may be absent, tables too. */
  verify(crm: DynamicsCrm, context: StepContext): Promise<StepVerdict>
  /** Does what is missing. @returns facts to keep. @throws SetupPaused, UpstreamError, AppError. */
  do(crm: DynamicsCrm, context: StepContext): Promise<CrmFacts>
  /** Removes what was installed; nothing there is fine. @returns facts to change (null forgets one). */
  undo(crm: DynamicsCrm, context: StepContext): Promise<CrmFacts>
}

/**
 * Makes it a step of the generic runner: a 403 anywhere becomes the pause `privilegeMissing`, refused credentials
 * `authFailed`, and the organisation's customization lock the retryable `crm_customization_locked`.
 */
export function setupStep(step: DynamicsStep): SetupStep {
  const { id, title, weight, without = null } = step
  return {
    id,
    title,
    weight,
    without,
    verify(crm, context) {
      if (context.choice?.action === 'skip') {
        return Promise.resolve({ state: 'skipped', note: 'Skipped as Support chose.' })
      }
      if (step.forSubscriptions === true && !context.subscriptionSync) {
        const note = 'Subscriptions are not kept in step, so that nothing is built for them.'
        return Promise.resolve({ state: 'skipped', note })
      }
      return translated(crm, (own) => step.verify(own, context))
    },
    do: (crm, context) => translated(crm, (own) => step.do(own, context)),
    undo: (crm, context) => translated(crm, (own) => step.undo(own, context)),
  }
}

async function translated<T>(crm: CrmClient, act: (crm: DynamicsCrm) => Promise<T>): Promise<T> {
  if (!(crm instanceof DynamicsCrm)) {
    throw new TypeError('a Dynamics step needs a Dynamics session')
  }
  try {
    return await act(crm)
  } catch (error) {
    throw asSetupError(error, crm.facts)
  }
}

/** A step that makes nothing: to do it is to look, and there is nothing to undo. */
export function checkStep(step: Omit<DynamicsStep, 'do' | 'undo'>): DynamicsStep {
  return {
    ...step,
    do: (crm, context) => lookOnly(step.verify(crm, context)),
    undo: () => Promise.resolve({}),
  }
}
