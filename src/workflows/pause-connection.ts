import { defineQuery, setCurrentDetails, setHandler, uuid4 } from '@temporalio/workflow'
import type { LifeStatus, PauseInput } from '../contracts/life-activities.js'
import type { Phase } from '../contracts/names.js'
import { brief, life } from './activity-proxies.js'
import { checkRequest } from './disconnect-messages.js'
import { mark, orMarkFailed } from './phase.js'

/** How a pause or a resumption stands. */
export const lifeStatusQuery = defineQuery<LifeStatus>('status')

/**
 * Pauses a connection. Mode `all`: nothing is synced but sendouts until it is resumed. Mode `loosening`: opt-outs flow,
 * and what makes somebody more mailable waits. Safe to repeat.
 *
 * @throws ApplicationFailure `value_missing`, `value_invalid`, `connection_not_found`, `connection_setting_up`, `connection_disabled`.
 */
export async function pauseConnection(input: PauseInput): Promise<LifeStatus> {
  checkRequest(input, { mode: ['all', 'loosening'] })
  const { connectionId, mode } = input
  return changing(input, async () => {
    await life.pauseConnection({ ...input, interventionId: uuid4() })
    const kinds = mode === 'all' ? (['cron', 'runs'] as const) : (['runs'] as const)
    await life.endWork({ connectionId, kinds, reason: 'The connection is paused' })
    if (mode === 'loosening') {
      // What was cut off goes on at once, with loosening withheld; where everything was paused before, the cron too.
      await brief.startSweep({ connectionId })
      await life.sweepNow({ connectionId })
    }
    setCurrentDetails(mode === 'all' ? 'Paused' : 'Paused; opt-outs flow')
  })
}

/** Runs one change of a connection's life, with its status. @param input checked by the caller. */
export async function changing(
  input: { readonly connectionId: string },
  change: () => Promise<void>,
): Promise<LifeStatus> {
  const { connectionId } = input
  let phase: Phase = 'running'
  setHandler(lifeStatusQuery, () => ({ connectionId, phase }))
  mark({ connectionId, phase, tier: 'manual' })
  await orMarkFailed(connectionId, (failed) => (phase = failed), change)
  phase = 'done'
  mark({ connectionId, phase })
  return { connectionId, phase }
}
