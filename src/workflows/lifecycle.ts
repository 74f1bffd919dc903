import { defineQuery, setCurrentDetails, uuid4, sleep } from '@temporalio/workflow'
import { pauseInput, resumeInput, rotateWebhooksInput } from '../contracts/inputs.js'
import type {
  LifecycleStatus,
  PauseInput,
  LifecycleRequest,
} from '../contracts/lifecycle-activities.js'
import type { Phase } from '../contracts/names.js'
import { setupCalls, lifecycle, webhookInstalling } from './activity-proxies.js'
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
async function changing(
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

/**
 * After this time every gateway has read the list of addresses, which it reads every ten seconds (docs/gateway.md,
 * Admission).
 */
const UNTIL_KNOWN = '12 seconds'

/**
 * Gives a connection's webhooks new addresses and secrets on both sides. The former ones are accepted until the new
 * ones are registered, and 24 hours longer. Safe to repeat: each run creates new ones.
 * @throws ApplicationFailure `value_missing`, `connection_not_found`, `connection_setting_up`, `connection_disabled`,
 * `gateway_unreachable`, and the errors of the systems.
 */
export function rotateWebhooks(...given: [LifecycleRequest]): Promise<LifecycleStatus> {
  return entry(rotateWebhooksInput, given, rotate)
}

function rotate(input: LifecycleRequest): Promise<LifecycleStatus> {
  const { connectionId } = input
  return changing(input, async () => {
    await lifecycle.beginWebhookRotation({ ...input, interventionId: uuid4() })
    await sleep(UNTIL_KNOWN)
    const { installed } = await webhookInstalling.installRotatedWebhooks({ connectionId })
    setCurrentDetails(
      installed
        ? 'Webhooks have new addresses and secrets'
        : 'The CRM did not accept the new address; the former one stays in use',
    )
  })
}
