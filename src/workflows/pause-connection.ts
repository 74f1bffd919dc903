import { defineQuery, setCurrentDetails, uuid4 } from '@temporalio/workflow'
import { pauseInput } from '../contracts/inputs.js'
import type { LifecycleStatus, PauseInput } from '../contracts/lifecycle-activities.js'
import type { Phase } from '../contracts/names.js'
import { setupCalls, lifecycle } from './activity-proxies.js'
import { entry } from './entry.js'
import { mark, reportingFailure } from './phase.js'
import { answer, refuseOtherSignals, reportInDetails } from './receive.js'

/** Status of a pause or of a resumption. */
export const lifeStatusQuery = defineQuery<LifecycleStatus>('status')

/**
 * Pauses a connection. Mode `all`: only sendouts are synced until it is resumed. Mode `loosening`: opt-outs are synced,
 * and changes that make somebody more mailable wait. Safe to repeat.
 * @throws ApplicationFailure `value_missing`, `value_invalid`, `connection_not_found`, `connection_setting_up`,
 * `connection_disabled`.
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
      // Interrupted work continues immediately, with loosening withheld. After mode `all`, the cron is started too.
      await setupCalls.startSweep({ connectionId })
      await lifecycle.sweepNow({ connectionId })
    }
    setCurrentDetails(mode === 'all' ? 'Paused' : 'Paused; opt-outs flow')
  })
}

/** Runs one lifecycle change, with its status. */
export async function changing(
  { connectionId, mode }: { readonly connectionId: string; readonly mode?: PauseInput['mode'] },
  change: () => Promise<void>,
): Promise<LifecycleStatus> {
  const what = { connectionId, ...(mode === undefined ? {} : { mode }) }
  let phase: Phase = 'running'
  answer(lifeStatusQuery, 'Whether it is done.', () => ({ ...what, phase }))
  refuseOtherSignals(reportInDetails)
  mark({ connectionId, phase, tier: 'manual' })
  await reportingFailure((failed) => (phase = failed), change)
  phase = 'done'
  mark({ connectionId, phase })
  return { ...what, phase }
}
