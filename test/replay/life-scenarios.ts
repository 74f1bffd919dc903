import type { WorkflowHandle } from '@temporalio/client'
import type { Activities } from '../workflows/support/activity-types.js'
import { failure } from '../workflows/support/fake-world.js'
import { override, untilStatus } from '../workflows/support/setup-runs.js'
import type { Scenario } from './scenario.js'

const connectionId = 'acme-dynamics'
const words = { reason: 'The customer leaves', by: 'support' }

/** Pausing, resuming and disconnecting: without interruption, with webhooks that cannot be removed, and overridden. */
export const LIFE_SCENARIOS: Readonly<Record<string, Scenario>> = {
  'pause-all': life('pauseConnection', 'pause/all', { mode: 'all' }),
  'pause-loosening': life('pauseConnection', 'pause/loosening', { mode: 'loosening' }),
  'resume-straight': life('resumeConnection', 'resume/straight', {}),
  'rotate-webhooks': life('rotateWebhooks', 'rotate-webhooks/straight', {}),
  'disconnect-straight': life('disconnect', 'disconnect/straight', { removeInstalled: false }),
  'disconnect-refused': life(
    'disconnect',
    'disconnect/refused',
    { removeInstalled: false },
    { removeCrmWebhooks: () => Promise.reject(refused()) },
  ),
  'disconnect-removing': life('disconnect', 'disconnect/removing', { removeInstalled: true }),
  'disconnect-skipped': life(
    'disconnect',
    'disconnect/skipped',
    { removeInstalled: true },
    {
      undoSetupStep: ({ stepId }) =>
        stepId === 'tables' ? Promise.reject(refused()) : Promise.resolve(null),
    },
    async (handle) => {
      await untilStatus(handle, ({ phase }) => phase === 'paused')
      const skip = override('remove-tables', 'skip')
      await handle.executeUpdate('override', { args: [skip] })
    },
  ),
  'disconnect-aborted': life(
    'disconnect',
    'disconnect/aborted',
    { removeInstalled: true },
    { catchUpBoth: () => Promise.reject(refused()) },
    async (handle) => {
      await untilStatus(handle, ({ phase }) => phase === 'paused')
      await handle.signal('override', override('save', 'abort'))
    },
  ),
}

function refused() {
  return failure('crm_auth_failed', { retryable: false })
}

function life(
  type: string,
  workflowId: string,
  input: object,
  activities: Partial<Activities> = {},
  steer?: (handle: WorkflowHandle) => Promise<void>,
): Scenario {
  return {
    activities,
    async run(client, _world, taskQueue) {
      const args = [{ connectionId, ...words, ...input }]
      const handle = await client.workflow.start(type, { workflowId, taskQueue, args })
      await steer?.(handle)
      await handle.result().catch(() => undefined)
      return [workflowId]
    },
  }
}
