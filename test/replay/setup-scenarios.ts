import type { WorkflowHandle } from '@temporalio/client'
import { hang, placeAfter, report } from '../workflows/support/default-activities.js'
import { failure } from '../workflows/support/fake-world.js'
import type { Activities } from '../workflows/support/activity-types.js'
import { override, pausedWith, untilStatus } from '../workflows/support/setup-runs.js'
import type { Scenario } from './scenario.js'

const connectionId = 'acme-dynamics'
const uncertain = pausedWith('formUncertain', ['retry', 'useForm', 'skip', 'abort'])

/** Set-up without interruption, paused and overridden, aborted, held back, killed, and only previewed. */
export const SETUP_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'setup-straight': setup('straight', {
    countDue: async () => 2,
    syncDue: async ({ place }) => ({
      ...report(1),
      next: place === null ? placeAfter(1) : null,
    }),
  }),
  'setup-read-again': setup('read-again', { countDue: async () => 2 }),
  'setup-superoffice': setup('superoffice', {}, {}, 'superOfficeSetup'),
  'setup-connection': setup('connection', {}, {}, 'connectionSetup'),
  'setup-overridden': setup('overridden', pausingUntil('useForm'), {
    steer: async (handle) => {
      await paused(handle)
      await handle.signal('override', override('connect', 'retry'))
      await handle.signal('override', override('tables', 'useForm', { formId: 'f-1' }))
    },
  }),
  'setup-skipped': setup('skipped', pausingUntil('never'), {
    steer: async (handle) => {
      await paused(handle)
      await handle.executeUpdate('override', { args: [override('tables', 'skip')] })
    },
  }),
  'setup-aborted': setup('aborted', pausingUntil('never'), {
    steer: async (handle) => {
      await paused(handle)
      await handle.signal('override', override('tables', 'abort'))
    },
  }),
  'setup-held': setup(
    'held',
    {},
    {
      input: {},
      firstSignal: ['pause', { reason: 'A release is going on', by: 'kim' }],
      steer: async (handle) => {
        await paused(handle)
        await handle.signal('resume', { reason: 'It is over', by: 'kim' })
      },
    },
  ),
  'setup-refused': setup('refused', refusedOnce(), {
    steer: async (handle) => {
      await paused(handle)
      await handle.signal('resume', { reason: 'The secret is new', by: 'kim' })
    },
  }),
  'setup-killed': setup('killed', killedOnce()),
  'setup-cancelled': setup(
    'cancelled',
    { runSetupStep: hang },
    { steer: (handle) => handle.cancel() },
  ),
  'setup-preview': setup('preview', {}, { input: { dryRun: true } }),
}

interface Steering {
  readonly input?: object
  /** Sent with the start. */
  readonly firstSignal?: readonly [name: string, argument: object]
  readonly steer?: (handle: WorkflowHandle) => Promise<unknown>
}

function setup(
  name: string,
  activities: Partial<Activities>,
  { input = {}, firstSignal, steer }: Steering = {},
  type = 'dynamicsSetup',
): Scenario {
  return {
    activities,
    async run(client, world, taskQueue) {
      const workflowId = `setup/${name}`
      const options = { workflowId, taskQueue, args: [{ connectionId, ...input }] }
      const handle = firstSignal
        ? await client.workflow.signalWithStart(type, {
            ...options,
            signal: firstSignal[0],
            signalArgs: [firstSignal[1]],
          })
        : await client.workflow.start(type, options)
      await world.called(firstSignal ? 'keepSetupDecision' : 'planSetup')
      await steer?.(handle)
      await handle.result().catch(() => undefined)
      return [workflowId]
    },
  }
}

function paused(handle: WorkflowHandle) {
  return untilStatus(handle, ({ phase }) => phase === 'paused')
}

function pausingUntil(action: string): Partial<Activities> {
  return {
    runSetupStep: async ({ stepId, choice }) =>
      stepId === 'tables' && choice?.action !== action ? uncertain : { state: 'done', note: null },
  }
}

function refusedOnce(): Partial<Activities> {
  let tries = 0
  return {
    runSetupStep: async ({ stepId }) => {
      if (stepId === 'webhooks' && ++tries === 1) {
        throw failure('crm_auth_failed', { retryable: false })
      }
      return { state: 'done', note: null }
    },
  }
}

/** The first try sends no more heartbeats, as if its worker had been killed. */
function killedOnce(): Partial<Activities> {
  let tries = 0
  return {
    runSetupStep: async ({ stepId }) => {
      if (stepId === 'tables' && ++tries === 1) {
        await new Promise((resolve) => setTimeout(resolve, 11_000))
      }
      return { state: 'done', note: null }
    },
  }
}
