import type { Client, WorkflowHandle } from '@temporalio/client'
import { hang } from '../workflows/support/default-activities.js'
import { failure, type FakeWorld } from '../workflows/support/fake-world.js'
import type { Activities } from '../workflows/support/activity-types.js'
import { override, pausedWith, untilStatus } from '../workflows/support/setup-runs.js'
import type { Scenario } from './scenario.js'

const connectionId = 'acme-dynamics'
const words = { reason: 'The customer leaves', by: 'support' }
const request = {
  connectionId,
  campaignId: '501',
  componentId: '9001',
  stage: 'send',
  startAt: '2099-01-01T08:00:00Z',
}

/** Histories at the points that are hardest to replay, for each type that has such a point. */
export const HARD_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'input-refused': {
    activities: {},
    async run(client, _world, taskQueue) {
      const types = [
        ...['dynamicsSetup', 'superOfficeSetup', 'disconnect', 'pauseConnection'],
        ...['resumeConnection', 'backgroundSweep', 'sweepRun', 'preSend', 'forceSync'],
        ...['contactInbox', 'resync'],
      ]
      await Promise.all(
        types.map(async (type) => {
          const options = { workflowId: `refused/${type}`, taskQueue, args: [{ unknown: true }] }
          const handle = await client.workflow.start(type, options)
          await handle.result().catch(() => undefined)
        }),
      )
      return types.map((type) => `refused/${type}`)
    },
  },
  'inbox-continued': scenario(
    'contactInbox',
    `inbox/${connectionId}/2`,
    { connectionId, shard: 2 },
    {},
    async (handle, world) => {
      const { runId } = await handle.describe()
      while ((await handle.describe()).runId === runId) {
        const before = world.inputs('drainInbox').length
        await handle.signal('changed')
        await world.called('drainInbox', before + 1)
      }
      await handle.cancel()
    },
  ),
  'setup-continued': scenario(
    'dynamicsSetup',
    'setup/continued',
    { connectionId },
    asking(),
    async (handle) => {
      await paused(handle)
      await untilNewRun(handle, override('connect', 'retry'))
      await handle.executeUpdate('override', { args: [override('tables', 'skip')] })
    },
  ),
  'setup-superoffice-aborted': scenario(
    'superOfficeSetup',
    'setup/superoffice-aborted',
    { connectionId },
    asking(),
    async (handle) => {
      await paused(handle)
      await handle.signal('override', override('tables', 'abort'))
    },
  ),
  'setup-superoffice-cancelled': cancelled(
    'superOfficeSetup',
    'setup/superoffice-cancelled',
    { connectionId },
    'runSetupStep',
  ),
  'disconnect-continued': scenario(
    'disconnect',
    'disconnect/continued',
    { connectionId, removeInstalled: true, ...words },
    { undoSetupStep: ({ stepId }) => (stepId === 'tables' ? refused() : Promise.resolve(null)) },
    async (handle) => {
      await paused(handle)
      await untilNewRun(handle, override('save', 'retry'))
      await handle.executeUpdate('override', { args: [override('remove-tables', 'skip')] })
    },
  ),
  'disconnect-cancelled': cancelled(
    'disconnect',
    'disconnect/cancelled',
    { connectionId, removeInstalled: true, ...words },
    'keepSubscriptions',
  ),
  'pause-failed': scenario(
    'pauseConnection',
    'pause/failed',
    { connectionId, mode: 'all', ...words },
    { pauseConnection: () => gone() },
  ),
  'pause-cancelled': cancelled(
    'pauseConnection',
    'pause/cancelled',
    { connectionId, mode: 'loosening', ...words },
    'endWork',
  ),
  'resume-failed': scenario(
    'resumeConnection',
    'resume/failed',
    { connectionId, ...words },
    { resumeConnection: () => gone() },
  ),
  'resume-cancelled': cancelled(
    'resumeConnection',
    'resume/cancelled',
    { connectionId, ...words },
    'sweepNow',
  ),
  'resync-failed': scenario('resync', 'resync/failed', { connectionId }, { syncDue: refused }),
  'resync-cancelled': cancelled('resync', 'resync/cancelled', { connectionId }, 'syncDue'),
  'sweep-run-cancelled': cancelled('sweepRun', 'sweep/cancelled/run', { connectionId }, 'syncDue'),
  'pre-send-cancelled-waiting': scenario(
    'preSend',
    'pre-send/snd_20/send',
    { ...request, sendoutId: 'snd_20' },
    {},
    async (handle, world) => {
      await world.called('checkPreSend')
      await handle.cancel()
    },
  ),
  'pre-send-aborted-checking': scenario(
    'preSend',
    'pre-send/snd_21/send',
    { ...request, sendoutId: 'snd_21' },
    { checkPreSend: hang },
    async (handle, world) => {
      await world.called('checkPreSend')
      await handle.executeUpdate('abort', { args: [words] })
    },
  ),
}

type Steer = (handle: WorkflowHandle, world: FakeWorld, client: Client) => Promise<unknown>

function scenario(
  type: string,
  workflowId: string,
  input: object,
  activities: Partial<Activities>,
  steer?: Steer,
): Scenario {
  return {
    activities,
    async run(client, world, taskQueue) {
      await client.workflow.start(type, { workflowId, taskQueue, args: [input] })
      // Without a run id, because it may continue in a new run.
      const handle = client.workflow.getHandle(workflowId)
      await steer?.(handle, world, client)
      await handle.result().catch(() => undefined)
      return [workflowId]
    },
  }
}

/** Cancelled while an activity is in progress, which then ends. */
function cancelled(
  type: string,
  workflowId: string,
  input: object,
  activity: keyof Activities,
): Scenario {
  const steer: Steer = async (handle, world) => {
    await world.called(activity)
    await handle.cancel()
  }
  return scenario(type, workflowId, input, { [activity]: hang }, steer)
}

function paused(handle: WorkflowHandle) {
  return untilStatus(handle, ({ phase }) => phase === 'paused')
}

/** Invalid messages make the history longer and have no other effect. */
async function untilNewRun(handle: WorkflowHandle, senseless: object): Promise<void> {
  const { runId } = await handle.describe()
  while ((await handle.describe()).runId === runId) {
    await handle.signal('override', senseless)
  }
}

function asking(): Partial<Activities> {
  return {
    runSetupStep: async ({ stepId }) =>
      stepId === 'tables'
        ? pausedWith('formUncertain', ['retry', 'useForm', 'skip', 'abort'])
        : { state: 'done', note: null },
  }
}

function refused(): Promise<never> {
  return Promise.reject(failure('crm_auth_failed', { retryable: false }))
}

function gone(): Promise<never> {
  return Promise.reject(failure('connection_not_found', { retryable: false }))
}
