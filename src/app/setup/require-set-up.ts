import { AppError } from '../../contracts/app-error.js'
import type { SetupStatus } from '../../contracts/setup.js'

/**
 * Refuses to call a set-up done that Support has ended. Who did so and why stands in the status and the evidence.
 * @throws AppError `setup_aborted`. Not retryable.
 */
export function requireSetUp({ connectionId, result, steps }: SetupStatus): void {
  if (result === 'aborted') {
    const step = steps.find(({ state }) => state === 'failed')?.id ?? null
    const where = step === null ? '' : ` at the step ${step}`
    throw new AppError('setup_aborted', `Set-up of ${connectionId} was aborted${where}.`, {
      path: 'connectionId',
      value: connectionId,
    })
  }
}
