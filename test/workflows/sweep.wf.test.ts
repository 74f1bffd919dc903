import { describe, expect, it } from '@jest/globals'
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client'
import { INBOX_SHARDS } from '../../src/contracts/names.js'
import { placeAfter, report } from './support/default-activities.js'
import type { WorkReport } from '../../src/contracts/work-report.js'
import { failure } from './support/fake-world.js'
import type { Activities } from './support/activity-types.js'
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

  /** In the form in which Temporal's UI requests them. */
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
    const connectionId = newConnection()
    const handle = await start('sweepRun', connectionId)
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
      'noteSweep',
    ])
    expect(world.inputs('noteSweep')).toEqual([noted(connectionId, 'done')])
    const places = world.inputs('syncDue').map(({ place }) => place)
    expect(places).toEqual([null, placeAfter(1), placeAfter(2)])
    expect(world.inputs('drainInbox').map(({ shard }) => shard)).toEqual([0, 1, 2, 3])
    const runs = world.inputs('syncDue').map(({ runId, tier, reading }) => [runId, tier, reading])
    expect(new Set(runs.map(String)).size).toBe(1)
    expect(runs[0]).toEqual([expect.any(String), 'sweep', 'copy'])
  })

  it('reports its progress while it runs', async () => {
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
    const world = workflows.world({ catchUpBoth: fail })
    const connectionId = newConnection()
    const handle = await start('sweepRun', connectionId)
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError)
    expect(await handle.query('status')).toMatchObject({ phase: 'failed' })
    const code = 'crm_privilege_missing'
    expect(world.inputs('noteSweep')).toEqual([
      { ...noted(connectionId, 'failed'), code, message: `Failed for the test: ${code}` },
    ])
  })

  it('gives up within minutes what a retry might help, and shows as failed', async () => {
    const world = workflows.world({
      catchUpBoth: async () => {
        throw failure('crm_unreachable', { retryable: true })
      },
    })
    const handle = await start('sweepRun', newConnection())
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError)
    const { startTime, closeTime } = await handle.describe()
    expect(closeTime!.getTime() - startTime.getTime()).toBeLessThan(15 * MINUTE_MS)
    expect(world.inputs('catchUpBoth')).toHaveLength(15)
    expect(await phaseOf(handle)).toEqual(['failed'])
  })

  it('is done, and reports it, where housekeeping fails', async () => {
    const world = workflows.world({
      catchUpBoth: async () => report(1),
      tidyUp: () => Promise.reject(failure('internal', { retryable: true })),
    })
    const connectionId = newConnection()
    const handle = await start('sweepRun', connectionId)
    const untidy = ['Housekeeping failed (internal): Failed for the test: internal']
    expect(await handle.result()).toEqual({ ...report(1), notices: [], untidy })
    expect(await phaseOf(handle)).toEqual(['done'])
    expect(world.inputs('noteSweep')).toEqual([{ ...noted(connectionId, 'done'), untidy }])
    expect(world.inputs('tidyUp')).toHaveLength(2)
  })

  it('is done, and reports what could not be read', async () => {
    const unreadable = ['2 records could not be read: GET /changes at detail.new.version']
    const world = workflows.world({
      catchUpBoth: async () => ({ ...report(1), unreadable }),
      tidyUp: async () => ({ untidy: ['the webhooks'] }),
    })
    const connectionId = newConnection()
    const handle = await start('sweepRun', connectionId)
    const untidy = [...unreadable, 'the webhooks']
    expect(await handle.result()).toEqual({ ...report(1), notices: [], untidy })
    expect(world.inputs('noteSweep')).toEqual([{ ...noted(connectionId, 'done'), untidy }])
  })

  it('reports what housekeeping could not do by itself', async () => {
    const untidy = ["the CRM's webhooks could not be checked (crm_unreachable)"]
    workflows.world({ tidyUp: async () => ({ untidy }) })
    const handle = await start('sweepRun', newConnection())
    expect(await handle.result()).toEqual({ ...report(0), notices: [], untidy })
    expect(await detailsOf(handle)).toContain(untidy[0])
  })

  it('is done though nobody can keep that it is', async () => {
    workflows.world({
      noteSweep: () => Promise.reject(failure('database_unreachable', { retryable: true })),
    })
    const handle = await start('sweepRun', newConnection())
    expect(await handle.result()).toEqual({ ...report(0), notices: [] })
  })

  it('as cron: each run sweeps once in a child', async () => {
    const connectionId = newConnection()
    const world = workflows.world({ catchUpBoth: async () => report(1) })
    const cron = await start('backgroundSweep', connectionId, CRON)
    while (world.inputs('tidyUp').length < 3) {
      await workflows.environment.sleep('30 minutes')
    }
    const { client } = workflows.environment
    await client.workflow.getHandle(`sweep/${connectionId}`).terminate()
    const history = await runsOf(client, cron.workflowId, cron.firstExecutionRunId)
    const done = history.slice(0, 3)
    expect(done.map(({ outcome }) => outcome)).toEqual(['completed', 'completed', 'completed'])
    for (const { events } of done) {
      expect(eventsOf(events, 'startChildWorkflowExecutionInitiatedEventAttributes')).toHaveLength(
        1,
      )
      expect(eventsOf(events, 'activityTaskScheduledEventAttributes')).toHaveLength(0)
      expect(events.length).toBeLessThan(30)
    }
    const minutes = done.map(({ firstTask }) => firstTask.getUTCMinutes() % 30)
    expect(minutes).toEqual([7, 7, 7])
  })

  it('as cron: shows as failed while sweeps fail, tries again in minutes, and goes on', async () => {
    const phases: unknown[] = []
    let tries = 0
    const world = workflows.world({
      catchUpBoth: async (run) => {
        phases.push(await phaseOf(cron))
        return ++tries < 4 ? fail(run) : report(1)
      },
    })
    const connectionId = newConnection()
    const cron = await start('backgroundSweep', connectionId)
    expect(await cron.result()).toEqual({ ...report(1), notices: [] })
    expect(phases).toEqual([['running'], ['failed'], ['failed'], ['failed']])
    expect(await phaseOf(cron)).toEqual(['done'])
    const { startTime, closeTime } = await cron.describe()
    expect(closeTime!.getTime() - startTime.getTime()).toBeLessThan(20 * MINUTE_MS)
    expect(world.inputs('noteSweep').at(-1)).toEqual(noted(connectionId, 'done'))
  })

  it('as cron: fails for good after six hours of failures; its next run goes on', async () => {
    workflows.world({ catchUpBoth: fail })
    const cron = await start('backgroundSweep', newConnection())
    await expect(cron.result()).rejects.toBeInstanceOf(WorkflowFailedError)
    const { startTime, closeTime } = await cron.describe()
    const hours = (closeTime!.getTime() - startTime.getTime()) / (60 * MINUTE_MS)
    expect([hours >= 6, hours < 6.2]).toEqual([true, true])
    expect(await phaseOf(cron)).toEqual(['failed'])
  })

  it('as cron: fails immediately where the connection may not be swept', async () => {
    const world = workflows.world({
      catchUpBoth: () => Promise.reject(failure('connection_disabled', { retryable: false })),
    })
    const cron = await start('backgroundSweep', newConnection())
    await expect(cron.result()).rejects.toBeInstanceOf(WorkflowFailedError)
    expect(world.inputs('catchUpBoth')).toHaveLength(1)
  })

  it('as cron: shows as failed once a sweep has not ended for two hours, and as done when it has', async () => {
    const seen: unknown[] = []
    const connectionId = newConnection()
    const world = workflows.world({
      catchUpBoth: onceAgainIn(150 * MINUTE_MS, report(1)),
      syncCategories: async () => {
        seen.push(await phaseOf(cron), await detailsOf(cron))
        return report(0)
      },
    })
    const cron = await start('backgroundSweep', connectionId)
    expect(await cron.result()).toEqual({ ...report(1), notices: [] })
    expect(seen).toEqual([['failed'], expect.stringMatching(/has not ended for two hours/)])
    const outcomes = world.inputs('noteSweep').map(({ outcome }) => outcome)
    expect(outcomes).toEqual(['late', 'done'])
    expect(await phaseOf(cron)).toEqual(['done'])
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

  it('as cron: waits for six hours where nobody corrects it; then the next run goes on', async () => {
    const world = workflows.world({ catchUpBoth: refuse })
    const connectionId = newConnection()
    const cron = await start('backgroundSweep', connectionId)
    expect(await cron.result()).toMatchObject({ refused: { code: 'crm_auth_failed' } })
    expect(world.inputs('catchUpBoth').length).toBeLessThanOrEqual(72)
    expect(await cron.query('status')).toMatchObject({ phase: 'waiting' })
    expect(await detailsOf(cron)).toMatch(/Paused by itself/)
    expect(await phaseOf(cron)).toEqual(['waiting'])
    const { events } = await cron.fetchHistory()
    expect(events!.length).toBeLessThan(3_000)
    expect(world.inputs('noteSweep')[0]).toMatchObject({ connectionId, outcome: 'refused' })
  })

  it('as cron: waits for a sweep that somebody started by hand, and says that it was skipped', async () => {
    const connectionId = newConnection()
    const world = workflows.world({ catchUpBoth: onceAgainIn(12 * MINUTE_MS, report(5)) })
    const byHand = await start('sweepRun', connectionId)
    await world.called('catchUpBoth')
    const cron = await start('backgroundSweep', connectionId)
    await world.called('noteSweep')
    expect(world.inputs('noteSweep')).toMatchObject([{ connectionId, outcome: 'skipped' }])
    expect(await byHand.result()).toEqual({ ...report(5), notices: [] })
    expect(await cron.result()).toEqual({ ...report(5), notices: [] })
    expect(world.inputs('catchUpBoth')).toHaveLength(3)
  })

  it('as cron: shows as failed where that sweep does not end within two hours, and ends skipped', async () => {
    const connectionId = newConnection()
    const world = workflows.world({ catchUpBoth: onceAgainIn(7 * 60 * MINUTE_MS, report(5)) })
    const byHand = await start('sweepRun', connectionId)
    await world.called('catchUpBoth')
    const cron = await start('backgroundSweep', connectionId)
    expect(await cron.result()).toEqual({ ...report(0), notices: [], skipped: true })
    const outcomes = world.inputs('noteSweep').map(({ outcome }) => outcome)
    expect(outcomes.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 'skipped'))
    expect(outcomes.at(-1)).toBe('late')
    expect(await phaseOf(cron)).toEqual(['failed'])
    await byHand.result()
  })
})

/** Fails once, so that it is retried after this time, which the time-skipping server can skip. */
function onceAgainIn(nextRetryDelay: number, result: WorkReport): Activities['catchUpBoth'] {
  let tries = 0
  return async () => {
    if (++tries === 1) {
      throw failure('crm_rate_limited', { retryable: true, nextRetryDelay })
    }
    return result
  }
}

const MINUTE_MS = 60_000

function noted(connectionId: string, outcome: string) {
  return { connectionId, outcome, code: null, message: null, untidy: [] }
}

const fail: Activities['catchUpBoth'] = async () => {
  throw failure('crm_privilege_missing', { retryable: false })
}

const refuse: Activities['catchUpBoth'] = async () => {
  throw failure('crm_auth_failed', { retryable: false })
}
