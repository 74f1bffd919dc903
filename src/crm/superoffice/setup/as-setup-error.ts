import { AppError } from '../../../contracts/app-error.js'
import { UpstreamError } from '../../../http/index.js'
import { SetupPaused } from '../../crm.js'
import { privilegeMissing, refusedCredentials, tenantUnavailable } from './pauses.js'

/**
 * A failure of a call as set-up tells it: a tenant that is not running is the pause `tenantUnavailable`, refused
 * credentials and another database or user are `authFailed`, a 403 is `privilegeMissing`. Everything else stays as it
 * is, for the runner to try again or to pause with.
 */
export function asSetupError(error: unknown): unknown {
  if (error instanceof AppError) {
    const isTenant = error.code === 'crm_tenant_unavailable' || error.code === 'crm_tenant_deleted'
    return isTenant ? new SetupPaused(tenantUnavailable(error, Date.now())) : error
  }
  if (!(error instanceof UpstreamError)) {
    return error
  }
  switch (error.code) {
    case 'upstream_auth_failed':
      return new SetupPaused(refusedCredentials(error))
    case 'upstream_forbidden': {
      const { operation, upstreamCode } = error
      return new SetupPaused(privilegeMissing([operation], { operation, upstreamCode }))
    }
    default:
      return error
  }
}
