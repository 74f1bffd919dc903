import type { CrmClient, SetupStep } from '../../crm.js'
import { SuperOfficeCrm } from '../session.js'
import { asSetupError } from './pauses.js'
import { onOwnSession, type OwnStep } from '../../own-step.js'

/** A set-up step for an open SuperOffice session. */
export type SuperOfficeStep = OwnStep<SuperOfficeCrm>

/** Wraps the step for the generic runner. Failures that a person has to fix become pauses, see {@link asSetupError}. */
export function setupStep(step: SuperOfficeStep): SetupStep {
  const { id, title, weight, without = null } = step
  return {
    id,
    title,
    weight,
    without,
    verify: (crm, context) =>
      translated(crm, (own) => {
        if (context.choice !== null) {
          own.client.forgetStatus()
        }
        return step.verify(own, context)
      }),
    do: (crm, context) => translated(crm, (own) => step.do(own, context)),
    undo: (crm, context) => translated(crm, (own) => step.undo(own, context)),
  }
}

function translated<T>(crm: CrmClient, act: (crm: SuperOfficeCrm) => Promise<T>): Promise<T> {
  return onOwnSession(SuperOfficeCrm, crm, act, asSetupError)
}
