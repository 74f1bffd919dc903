import { AppError } from '../../../contracts/app-error.js'
import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { CrmFacts, SetupStep } from '../../crm.js'
import { DynamicsSession } from '../session.js'
import { CUSTOMIZATION_LOCK } from '../wire/error-codes.js'

/** A step of ours: gets the opened environment itself and not only what every CRM has. */
export interface DynamicsStep {
  readonly id: string
  readonly title: string
  readonly weight: number
  run(session: DynamicsSession, context: CallContext): Promise<CrmFacts>
}

/** Makes it a step of the generic runner, with the failures that set-up tells apart under their own codes. */
export function setupStep(step: DynamicsStep): SetupStep {
  return {
    ...step,
    async run(session, context) {
      if (!(session instanceof DynamicsSession)) {
        throw new TypeError('a Dynamics step needs a Dynamics session')
      }
      try {
        return await step.run(session, context)
      } catch (error) {
        throw asSetupError(error)
      }
    },
  }
}

/** The message of a 403 names the privilege, where Dataverse did. */
function asSetupError(error: unknown): unknown {
  if (!(error instanceof UpstreamError)) {
    return error
  }
  if (error.upstreamCode === CUSTOMIZATION_LOCK) {
    const retryAfterMs = error.retryAfterSeconds === null ? null : error.retryAfterSeconds * 1000
    return new AppError('crm_customization_locked', error.message, { retryAfterMs, cause: error })
  }
  if (error.code === 'upstream_forbidden') {
    return new AppError('crm_privilege_missing', error.message, { cause: error })
  }
  return error
}
