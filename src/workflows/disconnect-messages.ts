import { ActivityFailure, ApplicationFailure, defineQuery } from '@temporalio/workflow'
import type { DisconnectStatus, LifeRequest } from '../contracts/life-activities.js'

/** How a disconnect stands. */
export const disconnectStatusQuery = defineQuery<DisconnectStatus>('status')

/** Code and words of what failed outside. A failure of the workflow itself is thrown on. */
export function problemOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof ActivityFailure)) {
    throw error
  }
  const { cause } = error
  return cause instanceof ApplicationFailure
    ? { code: cause.type ?? 'internal', message: cause.message }
    : { code: 'timeout', message: 'It did not answer in time.' }
}

/**
 * Whoever starts it by hand may have sent anything.
 * @throws ApplicationFailure `value_missing`, not retryable.
 */
export function checkRequest(request: Partial<LifeRequest> | undefined): void {
  const lacking = (['connectionId', 'reason', 'by'] as const).find((key) => {
    const value = request?.[key]
    return typeof value !== 'string' || value.trim() === ''
  })
  if (lacking !== undefined) {
    throw ApplicationFailure.nonRetryable(`Give "${lacking}".`, 'value_missing')
  }
}
