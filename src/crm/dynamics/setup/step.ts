import type { CrmClient, SetupStep } from '../../crm.js'
import { DynamicsCrm } from '../session.js'
import { asSetupError } from './pauses.js'
import { onOwnSession, type OwnStep } from '../../own-step.js'

/** A set-up step for an open Dynamics session. */
export interface DynamicsStep extends OwnStep<DynamicsCrm> {
  /** The step serves subscriptions only. Set-up skips it if they are not synced; removal always undoes it. */
  readonly forSubscriptions?: boolean
}

/**
 * Wraps the step for the generic runner: any 403 becomes the pause `privilegeMissing`, refused credentials become
 * `authFailed`, and the organisation's customization lock becomes the retryable `crm_customization_locked`.
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
        const note = 'Subscriptions are not synced, so nothing is created for them.'
        return Promise.resolve({ state: 'skipped', note })
      }
      return translated(crm, (own) => step.verify(own, context))
    },
    do: (crm, context) => translated(crm, (own) => step.do(own, context)),
    undo: (crm, context) => translated(crm, (own) => step.undo(own, context)),
  }
}

function translated<T>(crm: CrmClient, act: (crm: DynamicsCrm) => Promise<T>): Promise<T> {
  return onOwnSession(DynamicsCrm, crm, act, (error, own) => asSetupError(error, own.facts))
}
