import type { Client, WorkflowHandle } from '@temporalio/client'
import type { PreSendRequest } from '../../src/contracts/pre-send.js'
import { hang, report } from '../workflows/support/default-activities.js'
import { FakeSendouts } from '../workflows/support/fake-sendouts.js'
import { failure, type FakeWorld } from '../workflows/support/fake-world.js'
import type { Activities } from '../workflows/support/activity-types.js'
import { LIFE_SCENARIOS } from './life-scenarios.js'
import type { Scenario } from './scenario.js'
import { HARD_SCENARIOS } from './hard-scenarios.js'
import { SETUP_SCENARIOS } from './setup-scenarios.js'

const connectionId = 'acme-dynamics'
const refused = failure('crm_auth_failed', { retryable: false })

/** Every scenario, by the name of its history files. Each runs on a queue of its own. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'pre-send-straight': preSend(
    'snd_1',
    () => ({}),
    new FakeSendouts({ targeted: 30_000, proof: 'delta' }),
  ),
  'pre-send-rescheduled': preSend('snd_2', () => ({ startAt: inMs(3_600_000) }), undefined, {
    steer: (client, id) => update(client, id, 'reschedule', { startAt: inMs(500) }),
  }),
  'pre-send-aborted-waiting': preSend('snd_3', () => ({ startAt: inMs(3_600_000) }), undefined, {
    steer: (client, id) => update(client, id, 'abort', { reason: 'Withdrawn', by: 'support' }),
  }),
  'pre-send-aborted-syncing': preSend('snd_4', () => ({}), undefined, {
    activities: { syncMembers: hang },
    steerAt: 'syncMembers',
    steer: (client, id) => update(client, id, 'abort', { reason: 'Withdrawn', by: 'support' }),
  }),
  'pre-send-cancelled': preSend('snd_5', () => ({}), undefined, {
    activities: { syncMembers: hang },
    steerAt: 'syncMembers',
    steer: (client, id) => client.workflow.getHandle(id).cancel(),
  }),
  'pre-send-deadline': preSend('snd_6', () => ({ deadline: inMs(5_000) }), undefined, {
    activities: { syncMembers: hang },
  }),
  'pre-send-refused': preSend('snd_7', () => ({}), undefined, {
    activities: { syncMembers: () => Promise.reject(refused) },
  }),
  'pre-send-retried': preSend('snd_8', () => ({}), undefined, {
    activities: { proveFreshness: failingOnce({ proof: 'direct', requests: report().requests }) },
  }),
  'sweep-cron': cron('straight', {}, async (_handle, world) => {
    await world.called('noteSweep', 2)
    await world.called('catchUpBoth', 3)
  }),
  'sweep-cron-failed': cron('failed', { catchUpBoth: firstTimeFailing() }, cancelledAfterNotes(2)),
  'sweep-cron-cut-off': cron('cut-off', { syncDue: firstTimeHanging() }, async (handle, world) => {
    await world.called('syncDue')
    await handle.cancel()
    await world.called('tidyUp')
  }),
  'sweep-cron-skipped': {
    activities: { syncDue: hang },
    async run(client, world, taskQueue) {
      const workflowId = `sweep/skipped`
      const args = [{ connectionId: 'skipped' }]
      const byHand = { workflowId: `${workflowId}/run`, taskQueue, args }
      await client.workflow.start('sweepRun', byHand)
      await world.called('syncDue')
      const handle = await client.workflow.start('backgroundSweep', { workflowId, taskQueue, args })
      await world.called('noteSweep')
      await handle.cancel()
      await handle.result()
      await client.workflow.getHandle(byHand.workflowId).terminate('recorded')
      return [workflowId]
    },
  },
  'sweep-untidy': straight('sweepRun', `sweep/untidy/run`, {
    tidyUp: () => Promise.reject(failure('internal', { retryable: false })),
  }),
  'sweep-run-retried': straight('sweepRun', `sweep/retried/run`, {
    syncDue: failingOnce({ ...report(1), next: null }),
  }),
  'sweep-refused': straight('sweepRun', `sweep/refused/run`, {
    catchUpBoth: () => Promise.reject(refused),
  }),
  'inbox-refused': straight(
    'contactInbox',
    `inbox/${connectionId}/1`,
    { drainInbox: () => Promise.reject(refused) },
    { shard: 1 },
  ),
  'inbox-straight': {
    activities: { drainInbox: firstThenQuiet() },
    async run(client, world, taskQueue) {
      const workflowId = `inbox/${connectionId}/0`
      const input = { connectionId, shard: 0 }
      const start = { workflowId, taskQueue, args: [input], signal: 'changed', signalArgs: [] }
      const handle = await client.workflow.signalWithStart('contactInbox', start)
      await world.called('drainInbox', 2)
      await handle.signal('changed')
      await handle.result()
      return [workflowId]
    },
  },
  'resync-rehearsed': straight(
    'resync',
    `resync/${connectionId}/rehearsed`,
    { rehearse: async ({ after }) => ({ ...report(1), next: after < 2 ? after + 1 : null }) },
    { addressIds: null, dryRun: true },
  ),
  'resync-straight': straight(
    'resync',
    `resync/${connectionId}/straight`,
    {},
    { addressIds: [1, 2], dryRun: false },
  ),
  ...SETUP_SCENARIOS,
  ...LIFE_SCENARIOS,
  ...HARD_SCENARIOS,
}

interface Steering {
  readonly activities?: Partial<Activities>
  readonly steerAt?: keyof Activities
  readonly steer?: (client: Client, workflowId: string) => Promise<unknown>
}

function preSend(
  sendoutId: string,
  /** Called at the start, because its times are relative to that moment. */
  changes: () => Partial<PreSendRequest>,
  sendouts = new FakeSendouts({ targeted: 2_500 }),
  { activities = {}, steerAt = 'checkPreSend', steer }: Steering = {},
): Scenario {
  return {
    activities: { ...sendouts.activities(), ...activities },
    async run(client, world, taskQueue) {
      const workflowId = `pre-send/${sendoutId}/send`
      const audience = { campaignId: '501', componentId: '9001' }
      const request = { connectionId, sendoutId, ...audience, stage: 'send', ...changes() }
      const start = { workflowId, taskQueue, args: [request] }
      const handle = await client.workflow.start('preSend', start)
      await world.called(steerAt)
      await steer?.(client, workflowId)
      await handle.result().catch(() => undefined)
      return [workflowId, `${workflowId}/0`]
    },
  }
}

function straight(
  type: string,
  workflowId: string,
  activities: Partial<Activities>,
  input: object = {},
): Scenario {
  return {
    activities,
    async run(client, _world, taskQueue) {
      const args = [{ connectionId, ...input }]
      const handle = await client.workflow.start(type, { workflowId, taskQueue, args })
      await handle.result().catch(() => undefined)
      return [workflowId]
    },
  }
}

function update(client: Client, workflowId: string, name: string, argument: object) {
  return client.workflow.getHandle(workflowId).executeUpdate(name, { args: [argument] })
}

function failingOnce<T>(result: T): () => Promise<T> {
  let attempts = 0
  return async () => {
    attempts += 1
    if (attempts === 1) {
      throw failure('crm_unreachable', { retryable: true, nextRetryDelay: 10 })
    }
    return result
  }
}

type Steer = (handle: WorkflowHandle, world: FakeWorld) => Promise<void>

/** Runs of the cron, with the sweeps below it, until `steer` ends them. */
function cron(id: string, activities: Partial<Activities>, steer: Steer): Scenario {
  return {
    activities,
    async run(client, world, taskQueue) {
      const workflowId = `sweep/${id}`
      const handle = await client.workflow.start('backgroundSweep', {
        workflowId,
        taskQueue,
        args: [{ connectionId: id }],
        cronSchedule: '@every 2s',
      })
      await steer(client.workflow.getHandle(workflowId), world)
      await client.workflow.getHandle(workflowId).terminate('recorded')
      return [handle.workflowId, `${workflowId}/run`]
    },
  }
}

/** Waits for a retry, and is cancelled then. */
function cancelledAfterNotes(notes: number): Steer {
  return async (handle, world) => {
    await world.called('noteSweep', notes)
    await handle.cancel()
    await world.called('tidyUp')
  }
}

function firstTimeFailing(): Activities['catchUpBoth'] {
  let runs = 0
  return async () => {
    runs += 1
    if (runs === 1) {
      throw failure('crm_privilege_missing', { retryable: false })
    }
    return report(1)
  }
}

function firstTimeHanging(): Activities['syncDue'] {
  let runs = 0
  return async () => (++runs === 1 ? hang() : { ...report(1), next: null })
}

function firstThenQuiet(): Activities['drainInbox'] {
  let looks = 0
  return async () => ({ ...report(1), nextDueMs: ++looks === 1 ? 100 : null })
}

function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString()
}
