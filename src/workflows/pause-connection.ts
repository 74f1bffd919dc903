import { defineQuery, setCurrentDetails, uuid4 } from '@temporalio/workflow'
import { pauseInput } from '../contracts/inputs.js'
import type { LifecycleStatus, PauseInput } from '../contracts/lifecycle-activities.js'
import type { Phase } from '../contracts/names.js'
import { setupCalls, lifecycle } from './activity-proxies.js'
import { entry } from './entry.js'
import { mark, tellingFailure } from './phase.js'
import { answer, refuseOtherSignals, tellInDetails } from './receive.js'

/** How a pause or a resumption stands. */
export const lifeStatusQuery = defineQuery<LifecycleStatus>('status')

/**
 * Pauses a connection. Mode `all`: nothing is synced but sendouts until it is resumed. Mode `loosening`: opt-outs flow,
 * and what makes somebody more mailable waits. Safe to repeat.
 *
 * @throws ApplicationFailure `value_missing`, `value_invalid`, `connection_not_found`, `connection_setting_up`, `connection_disabled`.
 */
export function pauseConnection(...given: [PauseInput]): Promise<LifecycleStatus> {
  return entry(pauseInput, given, pause)
}

function pause(input: PauseInput): Promise<LifecycleStatus> {
  const { connectionId, mode } = input
  return changing(input, async () => {
    await lifecycle.pauseConnection({ ...input, interventionId: uuid4() })
    const kinds = mode === 'all' ? (['cron', 'runs'] as const) : (['runs'] as const)
    await lifecycle.endWork({ connectionId, kinds, reason: 'The connection is paused' })
    if (mode === 'loosening') {
      // What was cut off goes on at once, with loosening withheld; where everything was paused before, the cron too.
      await setupCalls.startSweep({ connectionId })
      await lifecycle.sweepNow({ connectionId })
    }
    setCurrentDetails(mode === 'all' ? 'Paused' : 'Paused; opt-outs flow')
  })
}

/** Runs one change of a connection's life, with its status. */
export async function changing(
  { connectionId, mode }: { readonly connectionId: string; readonly mode?: PauseInput['mode'] },
  change: () => Promise<void>,
): Promise<LifecycleStatus> {
  const what = { connectionId, ...(mode === undefined ? {} : { mode }) }
  let phase: Phase = 'running'
  answer(lifeStatusQuery, 'Whether it is done.', () => ({ ...what, phase }))
  refuseOtherSignals(tellInDetails)
  mark({ connectionId, phase, tier: 'manual' })
  await tellingFailure((failed) => (phase = failed), change)
  phase = 'done'
  mark({ connectionId, phase })
  return { ...what, phase }
}
