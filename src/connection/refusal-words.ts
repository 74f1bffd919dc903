import type { AppError } from '../contracts/app-error.js'
import type { CrmDriver } from '../crm/crm.js'
import { UpstreamError } from '../http/index.js'

const OF_ANY_CRM =
  'The CRM does not accept our credentials. Correct them, and apply the connection file again.'
const TENANT_DELETED =
  'The tenant has been deleted in the CRM. Nothing can be synced there again: disable the connection.'

/**
 * What was refused and the remedy, for people: the CRM's own explanation, if there is one, and its answer. It contains
 * nothing personal and no secret.
 */
export function refusalReason(driver: CrmDriver | null, error: unknown): string {
  if (!(error instanceof UpstreamError)) {
    return (error as AppError).code === 'crm_tenant_deleted' ? TENANT_DELETED : OF_ANY_CRM
  }
  const words = driver?.explainRefusal?.(error) ?? OF_ANY_CRM
  return `${words} (${error.operation}: ${error.detail})`
}

/** The full message: the reason, since when, and when the next try is. */
export function refusalMessage({
  reason,
  since,
  until,
}: {
  readonly reason: string | null
  readonly since: Date | null
  readonly until: Date | null
}): string {
  return [
    reason ?? OF_ANY_CRM,
    ...(since === null ? [] : [`Refused since ${since.toISOString()}.`]),
    ...(until === null ? [] : [`Tried again after ${until.toISOString()}.`]),
  ].join(' ')
}
