import { describe, expect, it } from '@jest/globals'
import { WorkflowFailedError } from '@temporalio/client'
import { placeAfter, report } from './support/default-activities.js'
import { failure } from './support/fake-world.js'
import { withWorkflows } from './support/with-workflows.js'

const connectionId = 'acme-dynamics'
const workflows = withWorkflows()
let started = 0

function start(type: 'resync', input: object) {
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

  it('is about everybody, and writes, where its input says no more', async () => {
    const world = workflows.world({})
    expect(await (await start('resync', {})).result()).toMatchObject({ dryRun: false })
    expect(world.inputs('markForResync')).toMatchObject([{ addressIds: null }])
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
