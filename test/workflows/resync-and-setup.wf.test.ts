import { describe, expect, it } from '@jest/globals'
import { WorkflowFailedError } from '@temporalio/client'
import { INBOX_SHARDS } from '../../src/contracts/names.js'
import { placeAfter, report, SETUP_STEPS } from './support/default-activities.js'
import { failure } from './support/fake-world.js'
import { withWorkflows } from './support/with-workflows.js'

const connectionId = 'acme-dynamics'
const workflows = withWorkflows()
let started = 0

const EVERY_SHARD = Array.from({ length: INBOX_SHARDS }, () => 'drainInbox')

function start(type: 'resync' | 'dynamicsSetup', input: object) {
  const { environment, taskQueue } = workflows
  return environment.client.workflow.start(type, {
    workflowId: `${type}/${connectionId}/${++started}`,
    taskQueue,
    args: [{ connectionId, ...input }],
  })
}

describe('resync', () => {
  it('as a rehearsal reads page by page, adds up, and writes nothing', async () => {
    const world = workflows.world({
      rehearse: async ({ after }) => ({ ...report(1), next: after < 3 ? after + 1 : null }),
    })
    const handle = await start('resync', { addressIds: null, dryRun: true })
    expect(await handle.result()).toEqual({ ...report(4), dryRun: true })
    expect(world.inputs('rehearse').map(({ after }) => after)).toEqual([0, 1, 2, 3])
    expect(new Set(world.names())).toEqual(new Set(['rehearse']))
    expect(await handle.query('status')).toMatchObject({ phase: 'done', totals: report(4) })
  })

  it.each([[null], [[4, 7]]])('marks %j, then reads directly until quiet', async (addressIds) => {
    let due = 0
    const world = workflows.world({
      syncDue: async () => ({ ...report(10), next: ++due < 2 ? placeAfter(due) : null }),
      settleRun: async () => report(100),
    })
    const handle = await start('resync', { addressIds, dryRun: false })
    expect(await handle.result()).toEqual({ ...report(120), dryRun: false })
    expect(world.names()).toEqual(['markForResync', 'syncDue', 'syncDue', 'settleRun'])
    expect(world.inputs('markForResync')).toMatchObject([{ addressIds, tier: 'manual' }])
    expect(world.inputs('syncDue')).toMatchObject([{ reading: 'direct' }, { reading: 'direct' }])
  })

  it('fails for what no retry helps, and says so', async () => {
    workflows.world({
      markForResync: async () => {
        throw failure('connection_disabled', { retryable: false })
      },
    })
    const handle = await start('resync', { addressIds: null, dryRun: false })
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError)
    expect(await handle.query('status')).toMatchObject({ phase: 'failed' })
  })
})

interface Status {
  readonly phase: string
  readonly percent: number
  readonly steps: { id: string; state: string; startedAt: string | null; endedAt: string | null }[]
}

describe('dynamicsSetup', () => {
  it('runs the steps in order, and tells how far it is', async () => {
    const percents: number[] = []
    const told = async () => {
      percents.push((await handle.query<Status>('status')).percent)
    }
    const world = workflows.world({
      runSetupStep: told,
      installWebhooks: told,
      syncCategories: async () => (await told(), report()),
      catchUpBoth: async () => (await told(), report()),
      activateConnection: told,
    })
    const handle = await start('dynamicsSetup', {})
    const result = (await handle.result()) as Status
    expect(percents).toEqual([0, 10, 40, 50, 60, 90])
    expect(world.names()).toEqual([
      'planSetup',
      'runSetupStep',
      'runSetupStep',
      'installWebhooks',
      'syncCategories',
      'catchUpBoth',
      'syncDue',
      'settleRun',
      'activateConnection',
      // Hints that arrived while the connection was not active yet.
      ...EVERY_SHARD,
      'startSweep',
    ])
    expect(world.inputs('runSetupStep').map(({ stepId }) => stepId)).toEqual(['connect', 'tables'])
    expect(world.inputs('syncDue')).toMatchObject([{ reading: 'copy', tier: 'setup' }])
    expect(result).toMatchObject({ connectionId, phase: 'done', percent: 100 })
    expect(result.steps.map(({ id, state }) => [id, state])).toEqual(
      SETUP_STEPS.map(({ id }) => [id, 'done']),
    )
    for (const { startedAt, endedAt } of result.steps) {
      expect(Date.parse(startedAt!)).toBeLessThanOrEqual(Date.parse(endedAt!))
    }
  })

  it('marks the step that failed for good, fails, and runs none after it', async () => {
    const world = workflows.world({
      runSetupStep: async ({ stepId }) => {
        if (stepId === 'tables') {
          throw failure('crm_privilege_missing', { retryable: false })
        }
      },
    })
    const handle = await start('dynamicsSetup', {})
    const failed = await handle.result().catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(WorkflowFailedError)
    expect(failed).toMatchObject({ cause: { cause: { type: 'crm_privilege_missing' } } })
    const status = await handle.query<Status>('status')
    expect(status).toMatchObject({ phase: 'failed', percent: 10 })
    expect(status.steps.map(({ state }) => state)).toEqual([
      'done',
      'failed',
      ...Array.from({ length: 4 }, () => 'pending'),
    ])
    expect(world.names()).not.toContain('installWebhooks')
  })

  it('waits out what passes', async () => {
    let attempts = 0
    const world = workflows.world({
      installWebhooks: async () => {
        if (++attempts < 4) {
          throw failure('crm_customization_locked', { retryable: true, nextRetryDelay: 10 })
        }
      },
    })
    const handle = await start('dynamicsSetup', {})
    expect(await handle.result()).toMatchObject({ phase: 'done' })
    expect(world.inputs('installWebhooks')).toHaveLength(4)
  })
})
