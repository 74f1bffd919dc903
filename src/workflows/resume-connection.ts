import { setCurrentDetails, uuid4 } from '@temporalio/workflow'
import { resumeInput } from '../contracts/inputs.js'
import type { LifeRequest, LifeStatus } from '../contracts/life-activities.js'
import { brief, life } from './activity-proxies.js'
import { entry } from './entry.js'
import { changing } from './pause-connection.js'

/**
 * Ends a pause, and sweeps at once, so that nothing that happened meanwhile is missed. Safe to repeat.
 * @throws ApplicationFailure `value_missing`, `connection_not_found`, `connection_not_paused`.
 */
export function resumeConnection(...given: [LifeRequest]): Promise<LifeStatus> {
  return entry(resumeInput, given, resume)
}

function resume(input: LifeRequest): Promise<LifeStatus> {
  const { connectionId } = input
  return changing(input, async () => {
    await life.resumeConnection({ ...input, interventionId: uuid4() })
    // A run that began while loosening was withheld would go on withholding it.
    await life.endWork({ connectionId, kinds: ['runs'], reason: 'The connection is resumed' })
    await brief.startSweep({ connectionId })
    await life.sweepNow({ connectionId })
    setCurrentDetails('Resumed; it is swept at once')
  })
}
