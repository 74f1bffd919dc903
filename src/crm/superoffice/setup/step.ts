import type { CrmFacts, CrmClient, SetupStep, StepContext, StepVerdict } from '../../crm.js'
import { SuperOfficeCrm } from '../session.js'
import { asSetupError } from './as-setup-error.js'
import { lookOnly } from '../../look-only.js'

/** A step of ours: as {@link SetupStep}, with the opened installation itself and not only what every CRM has. */
export interface SuperOfficeStep {
  readonly id: string
  readonly title: string
  /** Seconds that it usually takes. */
  readonly weight: number
  /** See {@link SetupStep.without}; absent: it cannot be left out. */
  readonly without?: string
  /** Looks only, also where no earlier step has been done. */
  verify(crm: SuperOfficeCrm, context: StepContext): Promise<StepVerdict>
  /** Does what is missing. @returns facts to keep. @throws SetupPaused, UpstreamError, AppError. */
  do(crm: SuperOfficeCrm, context: StepContext): Promise<CrmFacts>
  /** Removes what was installed; nothing there is fine. @returns facts to change (null forgets one). */
  undo(crm: SuperOfficeCrm, context: StepContext): Promise<CrmFacts>
}

/** Makes it a step of the generic runner; failures that a person has to mend become pauses, see {@link asSetupError}. */
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
          own.client.lookAfresh()
        }
        return step.verify(own, context)
      }),
    do: (crm, context) => translated(crm, (own) => step.do(own, context)),
    undo: (crm, context) => translated(crm, (own) => step.undo(own, context)),
  }
}

async function translated<T>(crm: CrmClient, act: (crm: SuperOfficeCrm) => Promise<T>): Promise<T> {
  if (!(crm instanceof SuperOfficeCrm)) {
    throw new TypeError('a SuperOffice step needs a SuperOffice session')
  }
  try {
    return await act(crm)
  } catch (error) {
    throw asSetupError(error)
  }
}

/** A step that makes nothing: to do it is to look, and there is nothing to undo. */
export function checkStep(step: Omit<SuperOfficeStep, 'do' | 'undo'>): SuperOfficeStep {
  return {
    ...step,
    do: (crm, context) => lookOnly(step.verify(crm, context)),
    undo: () => Promise.resolve({}),
  }
}
