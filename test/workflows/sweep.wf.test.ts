import { describe, expect, it } from '@jest/globals'
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client'
import { INBOX_SHARDS } from '../../src/contracts/names.js'
import { placeAfter, report } from './support/default-activities.js'
import { failure, type Activities } from './support/fake-world.js'
import { eventsOf, runsOf } from './support/workflow-runs.js'
import { withWorkflows } from './support/with-workflows.js'

const CRON = '7,37 * * * *'

describe('sweepRun', () => {
  const workflows = withWorkflows()
  let connections = 0

  function start(type: 'sweepRun' | 'backgroundSweep', connectionId: string, cron?: string) {
    const { environment, taskQueue } = workflows
    return environment.client.workflow.start(type, {
      workflowId: `sweep/${connectionId}${type === 'sweepRun' ? '/run' : ''}`,
      taskQueue,
      args: [{ connectionId }],
      followRuns: false,
      ...(cron === undefined ? {} : { cronSchedule: cron }),
    })
  }

  async function phaseOf(handle: WorkflowHandle): Promise<unknown> {
    return (await handle.describe()).searchAttributes['Phase']
  }

  /** As Temporal's UI asks for them. */
  async function detailsOf(handle: WorkflowHandle): Promise<string | undefined> {
    const told = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')
    return told.currentDetails
  }

  const newConnection = () => `acme-${++connections}`

  it('reads both sides, brings categories over, passes until quiet, settles and tidies up', async () => {
    let due = 0
    const world = workflows.world({
      catchUpBoth: async () => report(1),
      syncCategories: async () => report(10),
      syncDue: async () => ({ ...report(100), next: ++due < 3 ? placeAfter(due) : null }),
      settleRun: async () => report(1_000),
      drainInbox: async () => ({ ...report(10_000), nextDueMs: null }),
      tellNotices: async () => ['Something that lies there.'],
    })
    const handle = await start('sweepRun', newConnection())
    const expected = report(41_311)
    const notices = ['Something that lies there.']
    expect(await handle.result()).toEqual({ ...expected, notices })
    expect(await handle.query('status')).toMatchObject({ phase: 'done', totals: expected, notices })
    expect(await detailsOf(handle)).toMatch(/^Done: .*\n\nSomething that lies there\.$/)
    expect(world.names()).toEqual([
      'catchUpBoth',
      'syncCategories',
      'syncDue',
      'syncDue',
      'syncDue',
      'settleRun',
      ...Array.from({ length: INBOX_SHARDS }, () => 'drainInbox'),
      'tidyUp',
      'tellNotices',
    ])
    const places = world.inputs('syncDue').map(({ place }) => place)
    expect(places).toEqual([null, placeAfter(1), placeAfter(2)])
    expect(world.inputs('drainInbox').map(({ shard }) => shard)).toEqual([0, 1, 2, 3])
    const runs = world.inputs('syncDue').map(({ runId, tier, reading }) => [runId, tier, reading])
    expect(new Set(runs.map(String)).size).toBe(1)
    expect(runs[0]).toEqual([expect.any(String), 'sweep', 'copy'])
  })

  it('tells how far it is while it runs', async () => {
    const totals: number[] = []
    let due = 0
    workflows.world({
      catchUpBoth: async () => report(1),
      syncDue: async () => {
        const { totals: soFar } = await handle.query<{ totals: { addresses: number } }>('status')
        totals.push(soFar.addresses)
        return { ...report(100), next: ++due < 3 ? placeAfter(due) : null }
      },
    })
    const handle = await start('sweepRun', newConnection())
    await handle.result()
    expect(totals).toEqual([1, 101, 201])
  })

  it('fails for what no retry helps, and says so', async () => {
    workflows.world({ catchUpBoth: fail })
    const handle = await start('sweepRun', newConnection())
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError)
    expect(await handle.query('status')).toMatchObject({ phase: 'failed' })
  })

  it('as cron: each run sweeps once in a child, and a failed one is followed by the next', async () => {
    const connectionId = newConnection()
    let runs = 0
    const world = workflows.world({
      catchUpBoth: async (run) => (++runs === 2 ? fail(run) : report(1)),
    })
    const cron = await start('backgroundSweep', connectionId, CRON)
    while (world.inputs('tidyUp').length < 3) {
      await workflows.environment.sleep('30 minutes')
    }
    const { client } = workflows.environment
    await client.workflow.getHandle(`sweep/${connectionId}`).terminate()
    const history = await runsOf(client, cron.workflowId, cron.firstExecutionRunId)
    expect(history.map(({ outcome }) => outcome).slice(0, 4)).toEqual([
      'completed',
      'failed',
      'completed',
      'completed',
    ])
    for (const { events } of history.slice(0, 4)) {
      expect(eventsOf(events, 'startChildWorkflowExecutionInitiatedEventAttributes')).toHaveLength(
        1,
      )
      expect(eventsOf(events, 'activityTaskScheduledEventAttributes')).toHaveLength(0)
      expect(events.length).toBeLessThan(30)
    }
    const minutes = history.slice(1, 4).map(({ firstTask }) => firstTask.getUTCMinutes() % 30)
    expect(minutes).toEqual([7, 7, 7])
  })

  it.each(['crm_auth_failed', 'crm_tenant_deleted'])(
    'ends waiting, and has not failed, where the CRM refuses us (%s)',
    async (code) => {
      const world = workflows.world({
        catchUpBoth: async () => report(1),
        syncDue: async () => {
          throw failure(code, { retryable: false })
        },
      })
      const handle = await start('sweepRun', newConnection())
      const refused = { code, message: `Failed for the test: ${code}` }
      expect(await handle.result()).toEqual({ ...report(1), notices: [], refused })
      expect(await handle.query('status')).toMatchObject({ phase: 'waiting', totals: report(1) })
      expect(await phaseOf(handle)).toEqual(['waiting'])
      expect(await detailsOf(handle)).toBe(`**Paused by itself (${code}):** ${refused.message}`)
      expect(world.names()).not.toContain('tidyUp')
    },
  )

  it('as cron: tries a CRM that refuses us every five minutes, and goes on within them', async () => {
    const times: number[] = []
    const { environment } = workflows
    workflows.world({
      catchUpBoth: async (run) => {
        times.push(await environment.currentTimeMs())
        return times.length < 4 ? refuse(run) : report(1)
      },
    })
    const cron = await start('backgroundSweep', newConnection())
    expect(await cron.result()).not.toHaveProperty('refused')
    const minutes = times.slice(1).map((time, index) => (time - times[index]!) / 60_000)
    expect(minutes.map((each) => each >= 5 && each < 6)).toEqual([true, true, true])
    expect(await phaseOf(cron)).toEqual(['done'])
  })

  it('as cron: ends waiting before the next run is due, where nobody mends it', async () => {
    const world = workflows.world({ catchUpBoth: refuse })
    const cron = await start('backgroundSweep', newConnection())
    expect(await cron.result()).toMatchObject({ refused: { code: 'crm_auth_failed' } })
    const { startTime, closeTime } = await cron.describe()
    expect(closeTime!.getTime() - startTime.getTime()).toBeLessThan(30 * 60_000)
    expect(world.inputs('catchUpBoth')).toHaveLength(6)
    expect(await cron.query('status')).toMatchObject({ phase: 'waiting' })
    expect(await detailsOf(cron)).toMatch(/Paused by itself/)
    expect(await phaseOf(cron)).toEqual(['waiting'])
  })

  it('as cron: leaves alone a sweep that somebody started by hand', async () => {
    const connectionId = newConnection()
    let release!: () => void
    const released = new Promise<void>((resolve) => (release = resolve))
    const world = workflows.world({ catchUpBoth: async () => (await released, report(5)) })
    const byHand = await start('sweepRun', connectionId)
    await world.called('catchUpBoth')
    const cronRun = await start('backgroundSweep', connectionId)
    expect(await cronRun.result()).toEqual({ ...report(0), notices: [] })
    release()
    expect(await byHand.result()).toEqual({ ...report(5), notices: [] })
    expect(world.inputs('catchUpBoth')).toHaveLength(1)
  })
})

const fail: Activities['catchUpBoth'] = async () => {
  throw failure('crm_privilege_missing', { retryable: false })
}

const refuse: Activities['catchUpBoth'] = async () => {
  throw failure('crm_auth_failed', { retryable: false })
}
