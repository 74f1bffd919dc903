import {
  ActivityFailure,
  ApplicationFailure,
  defineQuery,
  isCancellation,
} from '@temporalio/workflow'
import type { DisconnectStatus } from '../../contracts/life-activities.js'

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
