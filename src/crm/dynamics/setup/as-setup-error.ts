import { AppError } from '../../../contracts/app-error.js'
import { UpstreamError } from '../../../http/index.js'
import type { DynamicsFacts } from '../facts.js'
import { CUSTOMIZATION_LOCK } from '../wire/error-codes.js'
import { refusedCredentials, refusedForPrivilege } from './pauses.js'

/**
 * A failure of a call as set-up tells it: a 403 is the pause `privilegeMissing`, refused credentials `authFailed`, the
 * customization lock the retryable `crm_customization_locked` with its wait. Everything else stays as it is.
 */
export function asSetupError(error: unknown, facts: DynamicsFacts): unknown {
  if (!(error instanceof UpstreamError)) {
    return error
  }
  if (error.upstreamCode === CUSTOMIZATION_LOCK) {
    const retryAfterMs = error.retryAfterSeconds === null ? null : error.retryAfterSeconds * 1000
    return new AppError('crm_customization_locked', error.message, { retryAfterMs, cause: error })
  }
  switch (error.code) {
    case 'upstream_forbidden':
      return refusedForPrivilege(error, facts.organization?.userId ?? null)
    case 'upstream_auth_failed':
      return refusedCredentials(error)
    default:
      return error
  }
}
