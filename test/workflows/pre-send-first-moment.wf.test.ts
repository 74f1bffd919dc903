import { readFile } from 'node:fs/promises'
import { afterEach, describe, expect, it } from '@jest/globals'
import type { WorkflowHandle } from '@temporalio/client'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { QUEUES } from '../../src/contracts/names.js'
import { checkoutRoot } from '../../src/checkout.js'
import type { PreSendRequest, PreSendResult, PreSendStatus } from '../../src/contracts/pre-send.js'
import { ISOLATE_TIME } from '../../src/workers/run-workers.js'
import { withTemporal } from '../support/with-temporal.js'
import { workflowBundle } from '../support/workflow-bundle.js'
import { hang } from './support/default-activities.js'
import { delegatingActivities } from './support/delegating-activities.js'
import { FakeSendouts } from './support/fake-sendouts.js'
import { failure, FakeWorld } from './support/fake-world.js'
import type { Activities } from './support/activity-types.js'
import { requestOf } from './support/pre-send-runs.js'

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

type PreSendHandle = WorkflowHandle<(request: PreSendRequest) => Promise<PreSendResult>>

const ABORT = { reason: 'The campaign was withdrawn', by: 'support' }
const NOBODY = { outcome: 'aborted', eligible: 0, complete: false, mailingList: null }
const away = () =>
  Promise.reject(failure('database_unreachable', { retryable: true, nextRetryDelay: 50 }))

describe('a pre-send, from its first moment', () => {
  let stop: (() => Promise<void>) | null = null
  afterEach(async () => {
    await stop?.()
  })
  const temporal = withTemporal()
  let sendouts = new FakeSendouts({ targeted: 10 })

  const start = (changes: Partial<PreSendRequest> = {}): Promise<PreSendHandle> => {
    const request = requestOf(changes)
    return temporal.client.workflow.start<(request: PreSendRequest) => Promise<PreSendResult>>(
      'preSend',
      {
        workflowId: `pre-send/${request.sendoutId}/${request.stage}`,
        taskQueue: QUEUES.preSend,
        args: [request],
      },
    )
  }

  const inMs = (ms: number) => new Date(Date.now() + ms).toISOString()
  const statusOf = (handle: PreSendHandle) => handle.query<PreSendStatus>('status')

  /** Starts working on the waiting tasks. */
  async function work(activities: Partial<Activities> = {}, targeted = 10): Promise<FakeWorld> {
    sendouts = new FakeSendouts({ targeted })
    const world = new FakeWorld({ ...sendouts.activities(), ...activities })
    const worker = await Worker.create({
      ...ISOLATE_TIME,
      connection: temporal.nativeConnection,
      namespace: temporal.namespace,
      taskQueue: QUEUES.preSend,
      workflowBundle: await workflowBundle(),
      activities: delegatingActivities(() => world),
      maxHeartbeatThrottleInterval: '100 milliseconds',
      defaultHeartbeatThrottleInterval: '100 milliseconds',
    })
    const running = worker.run()
    stop = async () => {
      worker.shutdown()
      await running
      stop = null
    }
    return world
  }

  const abort = (handle: PreSendHandle) => handle.executeUpdate('abort', { args: [ABORT] })

  it('says at which line of the sources it waits', async () => {
    const world = await work({ checkPreSend: hang })
    const handle = await start()
    await world.called('checkPreSend')
    const trace = await handle.query<string>('__stack_trace')
    const [, line] = /^ +at check \(\S+\/src\/workflows\/pre-send\/index\.ts:(\d+):\d+\)$/m.exec(
      trace,
    )!
    const source = await readFile(`${checkoutRoot}src/workflows/pre-send/index.ts`, 'utf8')
    expect(source.split('\n')[Number(line) - 1]).toContain('check(state)')
    await abort(handle)
    await handle.result()
  })

  it.each([
    ['hangs', { checkPreSend: hang }],
    ['is tried again, as the database is away', { checkPreSend: away }],
  ])(
    'is aborted while its check %s: nobody, and its run replaces an earlier one',
    async (_, on) => {
      const world = await work(on)
      const handle = await start()
      await world.called('checkPreSend')
      await abort(handle)
      expect(await handle.result()).toMatchObject({ ...NOBODY, problems: ['pre_send_aborted'] })
      expect(sendouts.opened).toHaveLength(1)
      expect(sendouts.closings).toMatchObject([{ aborted: true, problems: ['pre_send_aborted'] }])
    },
  )

  it.each([
    ['hangs', { checkPreSend: hang }],
    ['is tried again, as the database is away', { checkPreSend: away }],
  ])('is cancelled while its check %s: the same, and ends as cancelled', async (_, on) => {
    const world = await work(on)
    const handle = await start()
    await world.called('checkPreSend')
    await handle.cancel()
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } })
    const { status, searchAttributes } = await handle.describe()
    expect([status.name, searchAttributes['Phase']]).toEqual(['CANCELLED', ['failed']])
    expect(sendouts.opened).toHaveLength(1)
    expect(sendouts.closings).toMatchObject([{ aborted: true, problems: ['work_cancelled'] }])
    expect(await statusOf(handle)).toMatchObject({ phase: 'aborted', result: NOBODY })
  })

  it('is cancelled while no worker is there: closed by the first that comes', async () => {
    const handle = await start()
    await handle.cancel()
    await work()
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } })
    expect(sendouts.closings).toMatchObject([{ aborted: true }])
  })

  it.each(['openSendout', 'closeSendout'] as const)(
    'is closed, though the database is away at %s when it is cancelled',
    async (name) => {
      const world = await work({ checkPreSend: hang })
      const given = world.activities[name] as (input: never) => Promise<never>
      let tries = 0
      world.activities[name] = ((input: never) => (++tries < 4 ? away() : given(input))) as never
      const handle = await start()
      await world.called('checkPreSend')
      await handle.cancel()
      // Another cancel does not change this.
      await world.called(name, 2)
      await handle.cancel()
      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } })
      expect(sendouts.closings).toMatchObject([{ aborted: true }])
    },
  )

  it('is decided with nobody verified when the database is away until after the deadline', async () => {
    let isAway = true
    const world = await work({ checkPreSend: away })
    const { openSendout } = sendouts.activities()
    world.activities.openSendout = (input) => (isAway ? away() : openSendout(input))
    const handle = await start({ deadline: inMs(1_500) })
    await world.called('openSendout', 2)
    isAway = false
    const problems = ['deadline_reached', 'database_unreachable']
    expect(await handle.result()).toMatchObject({
      outcome: 'decided',
      complete: false,
      eligible: 0,
      verifiedAsOf: null,
      problems,
    })
    expect(await statusOf(handle)).toMatchObject({ phase: 'done', problems })
  })

  it('is decided with nobody verified when no worker was there until after the deadline', async () => {
    const handle = await start({ deadline: inMs(300) })
    await new Promise((resolve) => setTimeout(resolve, 400))
    await work()
    expect(await handle.result()).toMatchObject({
      outcome: 'decided',
      complete: false,
      eligible: 0,
      problems: ['deadline_reached'],
    })
  })

  it('gives nobody and no list then, where it was asked to abort', async () => {
    const handle = await start({ deadline: inMs(300), onUnverified: 'abort' })
    await new Promise((resolve) => setTimeout(resolve, 400))
    await work()
    expect(await handle.result()).toMatchObject({ ...NOBODY, problems: ['deadline_reached'] })
  })

  it.each(['terminate', 'cancel'] as const)(
    'says why when an operator ends a shard of it by %s',
    async (by) => {
      const world = await work({ syncMembers: hang })
      const handle = await start()
      await world.called('syncMembers')
      await temporal.client.workflow.getHandle(`${handle.workflowId}/0`)[by]()
      const problems = [by === 'cancel' ? 'work_cancelled' : 'work_terminated']
      const result = await handle.result()
      expect(result).toMatchObject({ outcome: 'decided', complete: false, eligible: 0, problems })
      expect(await statusOf(handle)).toMatchObject({ problems, result })
      expect(sendouts.closings).toMatchObject([{ problems }])
      expect(await detailsOf(handle)).toContain(`What went wrong: ${problems[0]}`)
    },
  )

  it('says why when the campaign is unknown, and when a system hangs until the deadline', async () => {
    const unknown = () => Promise.reject(failure('campaign_not_found', { retryable: false }))
    const world = await work({ fixAudience: unknown })
    const first = await start()
    expect(await first.result()).toMatchObject({ problems: ['campaign_not_found'] })
    world.activities.fixAudience = sendouts.activities().fixAudience
    world.activities.proveFreshness = hang
    const second = await start({ deadline: inMs(1_000) })
    expect(await second.result()).toMatchObject({ problems: ['deadline_reached'] })
    expect(await detailsOf(second)).toContain('What went wrong: deadline_reached')
  })

  it('bounds each of its activities by the deadline, and notices a killed worker at each', async () => {
    await work()
    const handle = await start({ deadline: inMs(60_000) })
    await handle.result()
    const shard = temporal.client.workflow.getHandle(`${handle.workflowId}/0`)
    const histories = await Promise.all([handle.fetchHistory(), shard.fetchHistory()])
    const scheduled = histories.flatMap(({ events }) =>
      (events ?? []).flatMap(({ activityTaskScheduledEventAttributes: activity }) =>
        activity ? [activity] : [],
      ),
    )
    const seconds = (duration: { seconds?: unknown } | null | undefined) =>
      Number(duration?.seconds ?? 0)
    expect(
      scheduled.map((activity) => [
        activity.activityType!.name,
        seconds(activity.heartbeatTimeout),
        inWords(activity.activityType!.name!, seconds(activity.scheduleToCloseTimeout)),
      ]),
    ).toEqual([
      ['checkPreSend', 10, 'until the deadline'],
      ['openSendout', 10, 'until the deadline'],
      ['fixAudience', 10, 'until the deadline'],
      ['proveFreshness', 10, 'until the deadline'],
      ['settleRun', 10, 'until the deadline'],
      ['decideMembers', 10, 'ten minutes more'],
      ['closeSendout', 10, 'no end'],
      ['syncMembers', 10, 'until the deadline'],
    ])
  })

  it('starts over about ten seconds after the worker of its ledger work was killed', async () => {
    const world = await work()
    const { openSendout } = sendouts.activities()
    let tries = 0
    world.activities.openSendout = async (input) => {
      if (++tries === 1) {
        // Sends no more heartbeats, as if its worker had been killed.
        await new Promise((resolve) => setTimeout(resolve, 20_000))
      }
      return openSendout(input)
    }
    const handle = await start()
    const begunMs = Date.now()
    expect(await handle.result()).toMatchObject({ complete: true })
    expect(tries).toBe(2)
    expect(Date.now() - begunMs).toBeLessThan(18_000)
  }, 480_000)

  async function detailsOf(handle: PreSendHandle): Promise<string> {
    const metadata = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata')
    return metadata.currentDetails
  }
})

function inWords(name: string, seconds: number): string {
  if (seconds === 0) {
    return 'no end'
  }
  if (name === 'decideMembers') {
    return seconds > 600 && seconds <= 660 ? 'ten minutes more' : `${seconds} s`
  }
  return seconds > 30 && seconds <= 60 ? 'until the deadline' : `${seconds} s`
}
