import { AppError } from '../../../contracts/app-error.js'

/** Shortest and longest suggested wait: a check costs one request without sign-in, and a campaign may wait. */
const WAIT_MS = { from: 15_000, to: 2 * 60_000, unknown: 60_000 }

/**
 * The tenant is not running (maintenance, suspended, moving): retryable after a wait. Deleted: never.
 * @param waitMs until the next check, or null if unknown.
 */
export function tenantUnavailable(state: string, waitMs: number | null, cause?: unknown): AppError {
  if (state === 'Deleted') {
    return new AppError('crm_tenant_deleted', 'The SuperOffice tenant has been deleted.', {
      value: state,
      cause,
    })
  }
  const wait = Math.min(Math.max(waitMs ?? WAIT_MS.unknown, WAIT_MS.from), WAIT_MS.to)
  return new AppError(
    'crm_tenant_unavailable',
    `The SuperOffice tenant is not running: ${state}.`,
    {
      value: state,
      retryAfterMs: wait,
      cause,
    },
  )
}
