import { describe, expect, it } from '@jest/globals'
import { WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client'
import { FakeSendouts } from './support/fake-sendouts.js'
import { failure } from './support/fake-world.js'
import { inFuture, requestOf, startPreSend, statusOf } from './support/pre-send-runs.js'
import { withWorkflows } from './support/with-workflows.js'

const HOUR_MS = 3_600_000

describe('a pre-send with a start time', () => {
  const workflows = withWorkflows()

  /** When its audience was fixed, by the server's clock. */
  function timed() {
    const sendouts = new FakeSendouts({ targeted: 1_000 })
    const given = sendouts.activities()
    const times: number[] = []
    const world = workflows.world({
      ...given,
      fixAudience: async (input) => {
        times.push(await workflows.environment.currentTimeMs())
        return given.fixAudience(input)
      },
    })
    return { sendouts, times, world }
  }

  const reschedule = (handle: WorkflowHandle, change: unknown) =>
    handle.executeUpdate('reschedule', { args: [change] })

  it('waits, and asks for its audience at that time', async () => {
    const { times, world, sendouts } = timed()
    const startAt = await inFuture(workflows, 48 * HOUR_MS)
    const handle = await startPreSend(workflows, requestOf({ startAt }))
    await workflows.environment.sleep(47 * HOUR_MS)
    expect(await statusOf(handle)).toMatchObject({ phase: 'waiting', startAt, deadline: null })
    expect(world.names()).toEqual(['checkPreSend'])
    expect(await handle.result()).toMatchObject({ eligible: 1_000 })
    expect(sendouts.opened).toHaveLength(1)
    expect(times[0]! - Date.parse(startAt)).toBeGreaterThanOrEqual(0)
    expect(times[0]! - Date.parse(startAt)).toBeLessThan(60_000)
    const { deadline } = await statusOf(handle)
    expect(Math.floor((Date.parse(deadline!) - Date.parse(startAt)) / 60_000)).toBe(30)
  })

  it.each([
    ['earlier', 10, 2],
    ['later', 2, 10],
  ])('starts %s once rescheduled', async (_, asked, moved) => {
    const { times } = timed()
    const startAt = await inFuture(workflows, asked * HOUR_MS)
    const handle = await startPreSend(workflows, requestOf({ startAt }))
    const change = {
      startAt: await inFuture(workflows, moved * HOUR_MS),
      deadline: await inFuture(workflows, (moved + 1) * HOUR_MS),
    }
    expect(await reschedule(handle, change)).toMatchObject({ phase: 'waiting', ...change })
    await handle.result()
    expect(times[0]! - Date.parse(change.startAt)).toBeGreaterThanOrEqual(0)
    expect(times[0]! - Date.parse(change.startAt)).toBeLessThan(60_000)
    expect(await statusOf(handle)).toMatchObject(change)
  })

  it('starts immediately when rescheduled to a past time', async () => {
    const { times } = timed()
    const startAt = await inFuture(workflows, 10 * HOUR_MS)
    const handle = await startPreSend(workflows, requestOf({ startAt }))
    await reschedule(handle, { startAt: await inFuture(workflows, -HOUR_MS), deadline: null })
    await handle.result()
    expect(times[0]!).toBeLessThan(Date.parse(startAt) - 9 * HOUR_MS)
  })

  it('keeps a reschedule that comes while the request is still checked', async () => {
    const { times, sendouts, world } = timed()
    let release!: () => void
    const released = new Promise<void>((resolve) => (release = resolve))
    const { checkPreSend } = sendouts.activities()
    world.activities.checkPreSend = async (input) => (await released, checkPreSend(input))
    const startAt = await inFuture(workflows, HOUR_MS)
    const deadline = await inFuture(workflows, 2 * HOUR_MS)
    const handle = await startPreSend(workflows, requestOf({ startAt, deadline }))
    await world.called('checkPreSend')
    const later = await inFuture(workflows, 20 * HOUR_MS)
    await reschedule(handle, { startAt: later })
    release()
    expect(await handle.result()).toMatchObject({ complete: true })
    expect(times[0]!).toBeGreaterThanOrEqual(Date.parse(later))
    expect(Date.parse((await statusOf(handle)).deadline!)).toBeGreaterThan(Date.parse(later))
  })

  it('refuses times that cannot be, and keeps what it had', async () => {
    timed()
    const startAt = await inFuture(workflows, 5 * HOUR_MS)
    const handle = await startPreSend(workflows, requestOf({ startAt }))
    const changes = [
      undefined,
      { startAt: '2099-01-01' },
      { startAt: '2099-01-01T00:00:00+01:00' },
      {},
      { startAt: 'tomorrow' },
      { startAt, deadline: 'later' },
      { startAt, deadline: startAt },
      { startAt: await inFuture(workflows, -2000), deadline: await inFuture(workflows, -1000) },
    ]
    for (const change of changes) {
      await expect(reschedule(handle, change)).rejects.toBeInstanceOf(WorkflowUpdateFailedError)
    }
    expect(await statusOf(handle)).toMatchObject({ phase: 'waiting', startAt, deadline: null })
    await handle.terminate()
  })

  it('refuses to be rescheduled once it has started', async () => {
    const { sendouts, world } = timed()
    let outage = true
    world.activities.syncMembers = async (members) => {
      if (outage) {
        throw failure('crm_unreachable', { retryable: true, nextRetryDelay: 50 })
      }
      return sendouts.sync(members)
    }
    const handle = await startPreSend(workflows, requestOf())
    await world.called('syncMembers')
    const startAt = await inFuture(workflows, HOUR_MS)
    await expect(reschedule(handle, { startAt })).rejects.toMatchObject({
      cause: { message: expect.stringContaining('It has started already') },
    })
    outage = false
    expect(await handle.result()).toMatchObject({ complete: true })
  })
})
