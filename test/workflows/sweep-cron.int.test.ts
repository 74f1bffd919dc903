import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { Client, type Connection, type WorkflowHandle } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { createSweepActivities } from '../../src/activities/sweep-activities.js'
import { restoreSweepCrons, startSweepCron } from '../../src/activities/sweep-cron.js'
import { sweepLines, sweepView } from '../../src/app/connection/view-parts.js'
import {
  findConnection,
  saveConnection,
  setConnectionState,
  type ConnectionRow,
} from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { expectSweeps, noteSweep, sweepOf } from '../../src/ledger/connection/sweeps.js'
import type { Systems } from '../../src/connection/systems.js'
import { registerSearchAttributes } from '../../src/workers/search-attributes.js'
import { watchSweeps } from '../../src/workers/watch-sweeps.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { withDatabase } from '../support/with-database.js'
import { withTemporal } from '../support/with-temporal.js'
import { workflowBundle } from '../support/workflow-bundle.js'
import { hang, report } from './support/default-activities.js'
import { delegatingActivities } from './support/delegating-activities.js'
import { failure, FakeWorld } from './support/fake-world.js'
import { settings } from '../support/settings.js'

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

describe('the cron of the sweep, on a real server', () => {
  let world = new FakeWorld()
  let worker: Worker
  let running: Promise<void>
  let db: Database
  // Hooks of the end run in this order: the worker first, then its connections.
  afterAll(async () => {
    worker.shutdown()
    await running
    await db.close()
  })
  const temporal = withTemporal()
  const database = withDatabase()
  let place: Parameters<typeof restoreSweepCrons>[0]
  let connections = 0
  let connectionId: string

  beforeAll(async () => {
    db = openDatabase(database.url)
    const systems = {
      db,
      connection: async (id: string) => (await findConnection(db, id))!,
    } as unknown as Systems
    place = { systems, temporal: temporal.client }
    worker = await Worker.create({
      connection: temporal.nativeConnection,
      namespace: temporal.namespace,
      taskQueue: 'sweep',
      workflowBundle: await workflowBundle(),
      activities: delegatingActivities(() => world),
      maxHeartbeatThrottleInterval: '100 milliseconds',
      defaultHeartbeatThrottleInterval: '100 milliseconds',
    })
    running = worker.run()
  }, provisionTimeoutMs)

  beforeEach(async () => {
    connectionId = `acme-${++connections}`
    await saveConnection(db, settings({ connectionId, accountId: String(1_000 + connections) }))
    await setConnectionState(db, connectionId, 'active')
  })

  describe.each(['while it waits for its time', 'while it sweeps', 'while it waits to try again'])(
    'a cancel %s',
    (when) => {
      it('ends the run, and the next one comes', async () => {
        let first = true
        world = new FakeWorld({
          catchUpBoth: async () => {
            if (first && when === 'while it sweeps') {
              return hang()
            }
            if (first && when === 'while it waits to try again') {
              throw failure('crm_privilege_missing', { retryable: false })
            }
            return report(1)
          },
        })
        const handle = await start('@every 2s')
        const firstRun = (await handle.describe()).runId
        if (when === 'while it sweeps') {
          await world.called('catchUpBoth')
        } else if (when === 'while it waits to try again') {
          // The sweep itself, then the cron.
          await world.called('noteSweep', 2)
        }
        await handle.cancel()
        first = false
        await world.called('tidyUp')
        const now = await handle.describe()
        expect(now.status.name).toBe('RUNNING')
        expect(now.runId).not.toBe(firstRun)
        const cancelled = temporal.client.workflow.getHandle(handle.workflowId, firstRun)
        expect((await cancelled.describe()).status.name).toBe('COMPLETED')
        await handle.terminate()
      })
    },
  )

  it('is started in a namespace that was created again, though no search attribute is there', async () => {
    const connection = temporal.client.connection as Connection
    const namespace = `${temporal.namespace}-again`
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    })
    const client = new Client({ connection, namespace })
    const end = new AbortController()
    const register = () => registerSearchAttributes(connection, namespace)
    const watching = watchSweeps({ ...place, temporal: client }, register, end.signal)
    const handle = client.workflow.getHandle(`sweep/${connectionId}`)
    const isThere = () =>
      handle.describe().then(
        ({ status }) => status.name === 'RUNNING',
        () => false,
      )
    while (!(await isThere())) {
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    end.abort()
    await watching
    await connection.operatorService.deleteNamespace({ namespace })
  }, 120_000)

  it.each<[string, (handle: WorkflowHandle) => Promise<unknown>]>([
    ['terminated', (handle) => handle.terminate('by mistake')],
    ['deleted', deleted],
  ])('is started again, and told of, where somebody has %s it', async (_name, harm) => {
    await startSweepCron(place, connectionId)
    await expectSweeps(db, connectionId)
    const handle = temporal.client.workflow.getHandle(`sweep/${connectionId}`)
    expect((await restoreSweepCrons(place)).restarted).not.toContain(connectionId)
    expect(await shown()).toMatchObject({ cronRestartedAt: null, overdue: false })
    await hoursPass(3)
    await harm(handle)
    await untilGone(handle)
    expect((await restoreSweepCrons(place)).restarted).toContain(connectionId)
    expect((await handle.describe()).status.name).toBe('RUNNING')
    const view = await shown()
    // A restarted cron is not yet a sweep.
    expect(view).toMatchObject({ cronRestartedAt: expect.any(String), overdue: true })
    expect(sweepLines(view!).join('\n')).toMatch(/cron was found gone/)
    expect((await restoreSweepCrons(place)).restarted).not.toContain(connectionId)
  })

  it('is started where a namespace created again has none', async () => {
    expect((await restoreSweepCrons(place)).restarted).toContain(connectionId)
  })

  it.each<ConnectionRow['state']>(['settingUp', 'disabled', 'paused'])(
    'is not started for a connection that is %s',
    async (state) => {
      await setConnectionState(db, connectionId, state)
      expect((await restoreSweepCrons(place)).restarted).not.toContain(connectionId)
    },
  )

  it('is ended where a namespace restored from a backup runs it for a connection that is disabled', async () => {
    await startSweepCron(place, connectionId)
    const handle = temporal.client.workflow.getHandle(`sweep/${connectionId}`)
    await setConnectionState(db, connectionId, 'disabled')
    for (;;) {
      // The list lags.
      if ((await restoreSweepCrons(place)).ended.includes(connectionId)) {
        break
      }
    }
    expect((await handle.describe()).status.name).toBe('TERMINATED')
  })

  describe('connection show', () => {
    it('reports a connection that was not swept for two hours, whatever the cause', async () => {
      await expectSweeps(db, connectionId)
      expect(await shown()).toMatchObject({ overdue: false, lastDoneAt: null })
      await hoursPass(3)
      const view = await shown()
      expect(view).toMatchObject({ overdue: true })
      expect(sweepLines(view!).join('\n')).toMatch(/No sweep was done for two hours/)
      await noteSweep(db, note('done'))
      expect(await shown()).toMatchObject({ overdue: false, outcome: 'done' })
      await hoursPass(3)
      expect(await shown()).toMatchObject({ overdue: true })
      await setConnectionState(db, connectionId, 'disabled')
      expect(await shown()).toMatchObject({ overdue: false })
    })

    it('keeps since when it fails, and when a sweep was last done', async () => {
      await noteSweep(db, { ...note('done'), untidy: ['the webhooks'] })
      const done = await shown()
      await noteSweep(db, { ...note('failed'), code: 'crm_unreachable', message: 'Away.' })
      const failed = await shown()
      await noteSweep(db, { ...note('failed'), code: 'crm_unreachable', message: 'Away.' })
      expect(await shown()).toEqual(failed)
      expect(failed).toMatchObject({
        lastDoneAt: done!.lastDoneAt,
        outcome: 'failed',
        code: 'crm_unreachable',
        untidy: ['the webhooks'],
      })
      expect(sweepLines(failed!).join('\n')).toMatch(
        /sweep failed \(since .*\): \(crm_unreachable\)/,
      )
      await noteSweep(db, note('skipped'))
      expect((await shown())!.since).not.toBe(failed!.since)
    })

    it.each(['connection_disabled', 'connection_paused'])(
      'reports nothing of a sweep that %s refused: it was none',
      async (code) => {
        const activities = createSweepActivities(place)
        await activities.noteSweep({ ...note('failed'), code: 'crm_unreachable', message: 'Away.' })
        const before = await shown()
        await activities.noteSweep({ ...note('failed'), code, message: 'It is not swept.' })
        expect(await shown()).toEqual(before)
      },
    )
  })

  function note(outcome: 'done' | 'failed' | 'skipped') {
    return { connectionId, outcome, code: null, message: null, untidy: [] }
  }

  async function shown() {
    const connection = (await findConnection(db, connectionId))!
    return sweepView(connection, await sweepOf(db, connectionId))
  }

  function hoursPass(hours: number) {
    return db.query(
      `UPDATE sweeps SET expected_since = expected_since - $2 * interval '1 hour', done_at = done_at - $2 * interval '1 hour'
        WHERE connection_id = $1`,
      [connectionId, hours],
    )
  }

  function start(cronSchedule: string) {
    return temporal.client.workflow.start('backgroundSweep', {
      workflowId: `sweep/${connectionId}`,
      taskQueue: 'sweep',
      args: [{ connectionId }],
      cronSchedule,
    })
  }

  async function deleted({ workflowId }: WorkflowHandle): Promise<void> {
    await temporal.client.workflowService.deleteWorkflowExecution({
      namespace: temporal.namespace,
      workflowExecution: { workflowId },
    })
  }

  /** Waits until a workflow has ended and the list of running ones, by which crons are restored, no longer has it. */
  async function untilGone(handle: WorkflowHandle): Promise<void> {
    const status = () =>
      handle.describe().then(
        (described) => described.status.name,
        () => 'GONE',
      )
    const query = `WorkflowId = '${handle.workflowId}' AND ExecutionStatus = 'Running'`
    while (
      (await status()) === 'RUNNING' ||
      (await temporal.client.workflow.count(query)).count > 0
    ) {
      // Asked again.
    }
  }
})
