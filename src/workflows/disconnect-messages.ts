import {
  ActivityFailure,
  ApplicationFailure,
  defineQuery,
  isCancellation,
} from '@temporalio/workflow'
import type { DisconnectStatus, LifeRequest } from '../contracts/life-activities.js'
import { isTelling } from './setup/judge-message.js'

/** How a disconnect stands. */
export const disconnectStatusQuery = defineQuery<DisconnectStatus>('status')

/** Code and words of what failed outside. A failure of the workflow itself, and a cancellation, are thrown on. */
export function problemOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) {
    throw error
  }
  const { cause } = error
  return cause instanceof ApplicationFailure
    ? { code: cause.type ?? 'internal', message: cause.message }
    : { code: 'timeout', message: 'It did not answer in time.' }
}

/**
 * Whoever starts it by hand may have sent anything: a word in place of a switch must not remove an installation.
 * @param others what it needs beside connection, reason and name, each with the values that it may have.
 * @throws ApplicationFailure `value_missing`, `value_invalid`; not retryable.
 */
export function checkRequest(
  request: Partial<LifeRequest> | undefined,
  others: Readonly<Record<string, readonly unknown[]>> = {},
): void {
  const given = (request ?? {}) as Readonly<Record<string, unknown>>
  const lacking = (['connectionId', 'reason', 'by'] as const).find((key) => {
    const value = given[key]
    return typeof value !== 'string' || !isTelling(value)
  })
  if (lacking !== undefined) {
    throw ApplicationFailure.nonRetryable(`Give "${lacking}".`, 'value_missing')
  }
  for (const [key, values] of Object.entries(others)) {
    if (!values.includes(given[key])) {
      throw ApplicationFailure.nonRetryable(
        `"${key}" must be one of ${values.map((value) => JSON.stringify(value)).join(', ')}.`,
        'value_invalid',
      )
    }
  }
}
