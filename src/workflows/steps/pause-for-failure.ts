import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow'
import type { PauseCode, SetupAction, SetupPause } from '../../contracts/setup.js'

/** Steps without which the sync still works, so that Support may leave one out. */
const SKIPPABLE: ReadonlySet<string> = new Set([
  'privileges',
  'tablePrivileges',
  'view',
  'form',
  'publish',
  'measure',
  'webhooks',
])

const CODES: Readonly<Record<string, PauseCode>> = {
  crm_auth_failed: 'authFailed',
  emarketeer_auth_failed: 'authFailed',
  crm_privilege_missing: 'privilegeMissing',
  crm_tenant_unavailable: 'tenantUnavailable',
  crm_unreachable: 'tenantUnavailable',
  emarketeer_unreachable: 'tenantUnavailable',
  crm_rate_limited: 'tenantUnavailable',
  crm_customization_locked: 'tenantUnavailable',
}

/**
 * What a failure of a step pauses with: set-up never fails for good (E2). Null where the failure is none of the
 * outside's or ours to wait for, like a cancellation.
 */
export function pauseForFailure(stepId: string, error: unknown): SetupPause | null {
  const cause = error instanceof ActivityFailure ? error.cause : undefined
  if (!(error instanceof ActivityFailure) || isCancellation(error)) {
    return null
  }
  if (!(cause instanceof ApplicationFailure)) {
    return pauseWith(stepId, 'stepFailed', 'The step did not answer in time.', 'timeout')
  }
  const code = cause.type ?? 'internal'
  return pauseWith(stepId, pauseCodeOf(code), cause.message, code)
}

/** The pause that an error's code stands for. */
export function pauseCodeOf(code: string): PauseCode {
  return CODES[code] ?? 'stepFailed'
}

function pauseWith(stepId: string, code: PauseCode, message: string, error: string): SetupPause {
  const skip: SetupAction[] = SKIPPABLE.has(stepId) ? ['skip'] : []
  return { code, message, choices: ['retry', ...skip, 'abort'], seen: { error } }
}
