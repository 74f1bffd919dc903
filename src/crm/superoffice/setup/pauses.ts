import { AppError } from '../../../contracts/app-error.js'
import type { Json, PauseMeanings, SetupPause } from '../../../contracts/setup.js'
import { UpstreamError } from '../../../http/index.js'
import { refusalHint } from '../auth/refusal-hints.js'
import { SetupPaused } from '../../crm.js'

/** Reasons for which a SuperOffice step pauses, in addition to those of every CRM (rule E2). */
export const SETUP_PAUSES = {
  purposeMissing: { looksAgain: true },
  // Only a person knows whether others use our user (rule E3): that its traces have vanished proves nothing.
  userNotDedicated: { skipConfirms: 'you confirm that nothing and nobody else uses this user' },
} as const satisfies PauseMeanings

/** The credentials are refused, or open another database or user. Only a person can fix that. */
export function refusedCredentials({ operation, upstreamCode }: UpstreamError): SetupPause {
  return {
    code: 'authFailed',
    message: `${refusalHint({ upstreamCode })} Then retry.`,
    choices: ['retry', 'abort'],
    seen: { operation, upstreamCode },
  }
}

/**
 * The tenant is not running. `nowMs` is Unix time; the next check is `retryAfterMs` later. A deleted tenant is not
 * checked again.
 */
export function tenantUnavailable(error: AppError, nowMs: number): SetupPause {
  const state = error.value ?? 'Unknown'
  const { retryAfterMs } = error
  const lookAgainAt = retryAfterMs === null ? null : new Date(nowMs + retryAfterMs).toISOString()
  return error.code === 'crm_tenant_deleted'
    ? {
        code: 'tenantUnavailable',
        message: 'The tenant has been deleted in SuperOffice. Abort, and disable the connection.',
        choices: ['retry', 'abort'],
        seen: { state, lookAgainAt: null },
      }
    : {
        code: 'tenantUnavailable',
        message: `The tenant is not running in SuperOffice (${state}). Set-up checks again by itself; or retry.`,
        choices: ['retry', 'abort'],
        seen: { state, lookAgainAt },
      }
}

/** Lists everything that our user may not do, in one pause (rule E2). `skippable`: the finding is not certain. */
export function privilegeMissing(
  missing: readonly string[],
  seen: Readonly<Record<string, Json>>,
  skippable = false,
): SetupPause {
  return {
    code: 'privilegeMissing',
    message:
      `Our user in SuperOffice may not: ${missing.join(', ')}. Give its role the right in Settings and maintenance, ` +
      'then retry.',
    choices: skippable ? ['retry', 'skip', 'abort'] : ['retry', 'abort'],
    seen: { missing, ...seen },
  }
}

/** Our user does not seem to be used by us alone. `reason` is shown to Support. */
export function userNotDedicated(seen: Readonly<Record<string, Json>>, reason: string): SetupPause {
  return {
    code: 'userNotDedicated',
    message:
      `${reason} What our user writes is never taken for a person's act, so that a colleague or another integration ` +
      'under the same user would be ignored and overruled. Give the connection a user of its own; or skip, and thereby ' +
      'confirm that nothing else uses this user.',
    choices: ['retry', 'skip', 'abort'],
    seen,
  }
}

/** The installation's lists lack an entry that the sync cannot do without. */
export function purposeMissing(
  missing: readonly string[],
  seen: Readonly<Record<string, Json>>,
): SetupPause {
  return {
    code: 'purposeMissing',
    message:
      `SuperOffice's lists lack: ${missing.join(', ')}. Names do not matter, keys do. Add it in Settings and ` +
      'maintenance (Privacy), then retry.',
    choices: ['retry', 'abort'],
    seen: { missing, ...seen },
  }
}

/**
 * Translates the failure of a call for set-up: a tenant that is not running becomes the pause `tenantUnavailable`;
 * refused credentials, another database or another user become `authFailed`; a 403 becomes `privilegeMissing`. Any
 * other error is returned unchanged, and the runner retries it or pauses.
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
