import { setCurrentDetails, uuid4 } from '@temporalio/workflow'
import { resumeInput } from '../contracts/inputs.js'
import type { LifecycleRequest, LifecycleStatus } from '../contracts/lifecycle-activities.js'
import { setupCalls, lifecycle } from './activity-proxies.js'
import { entry } from './entry.js'
import { changing } from './pause-connection.js'

/**
 * Ends a pause and sweeps immediately, so that no change made during the pause is missed. Safe to repeat.
 * @throws ApplicationFailure `value_missing`, `connection_not_found`, `connection_not_paused`.
 */
export function resumeConnection(...given: [LifecycleRequest]): Promise<LifecycleStatus> {
  return entry(resumeInput, given, resume)
}

function resume(input: LifecycleRequest): Promise<LifecycleStatus> {
  const { connectionId } = input
  return changing(input, async () => {
    await lifecycle.resumeConnection({ ...input, interventionId: uuid4() })
    // A run that began while loosening was withheld would continue to withhold it.
    await lifecycle.endWork({ connectionId, kinds: ['runs'], reason: 'The connection is resumed' })
    await setupCalls.startSweep({ connectionId })
    await lifecycle.sweepNow({ connectionId })
    setCurrentDetails('Resumed; a sweep starts immediately')
  })
}
