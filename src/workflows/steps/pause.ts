import { ActivityFailure, ApplicationFailure, isCancellation } from '@temporalio/workflow'
import type { SetupPause } from '../../contracts/setup.js'
import type { CommonPauseCode } from '../../domain/transitions.js'
import type { Problem } from '../failures.js'

const CODES: Readonly<Record<string, CommonPauseCode>> = {
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
 * The code and message of an external failure.
 * @param unanswered the message if the system did not answer.
 * @throws a failure of the workflow itself, and a cancellation, unchanged.
 */
export function problemOf(error: unknown, unanswered: string): Problem {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) {
    throw error
  }
  const { cause } = error
  return cause instanceof ApplicationFailure
    ? { code: cause.type ?? 'internal', message: cause.message }
    : { code: 'timeout', message: unanswered }
}

/** The pause after a failure. @param skippable whether Support may skip the step. */
export function pauseFor({ code, message }: Problem, skippable: boolean): SetupPause {
  const choices = choicesOf(skippable)
  return { code: CODES[code] ?? 'stepFailed', message, choices, seen: { error: code } }
}

/** The choices for a waiting step. @param own further choices of the step itself. */
export function choicesOf(skippable: boolean, own: readonly string[] = []): readonly string[] {
  const others: readonly string[] = skippable ? ['skip', 'abort'] : ['abort']
  return [
    'retry',
    ...own.filter((action) => action !== 'retry' && !others.includes(action)),
    ...others,
  ]
}
