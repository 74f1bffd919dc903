import { WorkflowFailedError } from '@temporalio/client'
import { describe, expect, it } from '@jest/globals'
import { hang } from './support/default-activities.js'
import { FakeSendouts } from './support/fake-sendouts.js'
import { failure } from './support/fake-world.js'
import { inFuture, requestOf, startPreSend, statusOf } from './support/pre-send-runs.js'
import { withWorkflows } from './support/with-workflows.js'

const HOUR_MS = 3_600_000

/** The server does not skip time while an activity is retried, so these deadlines pass in real time. */
const DEADLINE_MS = 1_500
/** Between attempts, for the same reason. */
const RETRY_MS = 10

describe('preSend', () => {
  const workflows = withWorkflows()

  it('syncs everybody, then decides, and answers with counts', async () => {
    const sendouts = new FakeSendouts({ targeted: 2_500 })
    const world = workflows.world(sendouts.activities())
    const request = requestOf()
    const handle = await startPreSend(workflows, request)
    const result = await handle.result()
    expect(result).toMatchObject({
      sendoutId: request.sendoutId,
      outcome: 'decided',
      complete: true,
      targeted: 2_500,
      eligible: 2_500,
      updated: { emarketeer: 3, crm: 3 },
      requests: { emarketeer: 6, crm: 4 },
      mailingList: request.sendoutId,
    })
    expect(world.names().slice(0, 4)).toEqual([
      'checkPreSend',
      'openSendout',
      'fixAudience',
      'proveFreshness',
    ])
    expect(world.names().slice(-3)).toEqual(['settleRun', 'decideMembers', 'closeSendout'])
    expect(sendouts.closings).toMatchObject([{ proof: 'direct', aborted: false, problems: [] }])
    expect(await statusOf(handle)).toMatchObject({ phase: 'done', synced: 2_500, result })
  })

  it("has children of its own, whatever of another account's runs for the same sendout id", async () => {
    const sendouts = new FakeSendouts({ targeted: 10 })
    workflows.world(sendouts.activities())
    const request = requestOf()
    const workflowId = `pre-send/${request.sendoutId}/of-another/send`
    const { client } = workflows.environment
    await client.workflow.execute('preSend', {
      workflowId,
      taskQueue: workflows.taskQueue,
      args: [request],
    })
    const child = await client.workflow.getHandle(`${workflowId}/0`).describe()
    expect(child).toMatchObject({ type: 'forceSync', status: { name: 'COMPLETED' } })
  })

  it('leaves no shard that is tried without end, not one that somebody started by hand either', async () => {
    const away = failure('crm_unreachable', { retryable: true })
    workflows.world({ syncMembers: () => Promise.reject(away) })
    const id = '00000000-0000-4000-8000-000000000001'
    const shard = await workflows.environment.client.workflow.start('forceSync', {
      workflowId: 'pre-send/by-hand/send/0',
      taskQueue: workflows.taskQueue,
      args: [
        {
          ...{ sendoutRunId: id, connectionId: 'acme-dynamics', runId: id, crm: 'dynamics' },
          ...{ proof: 'delta', from: 0, to: 10 },
        },
      ],
    })
    expect(await shard.result()).toMatchObject({
      addresses: 0,
      problems: ['deadline_reached', 'crm_unreachable'],
    })
  })

  it('reports its phase at every stage', async () => {
    const sendouts = new FakeSendouts({ targeted: 1_000 })
    const phases: string[] = []
    const given = sendouts.activities()
    const told = async () => {
      phases.push((await statusOf(await handle)).phase)
    }
    workflows.world({
      ...given,
      checkPreSend: async (input) => (await told(), given.checkPreSend(input)),
      fixAudience: async (input) => (await told(), given.fixAudience(input)),
      syncMembers: async (input) => (await told(), given.syncMembers(input)),
      decideMembers: async (input) => (await told(), given.decideMembers(input)),
    })
    const handle = startPreSend(workflows, requestOf())
    await (await handle).result()
    await told()
    expect(phases).toEqual(['waiting', 'preparing', 'syncing', 'deciding', 'done'])
  })

  it('refuses what cannot be asked, and opens no run', async () => {
    const sendouts = new FakeSendouts({ targeted: 0 })
    workflows.world({
      ...sendouts.activities(),
      checkPreSend: async () => {
        throw failure('value_invalid', { retryable: false })
      },
    })
    const handle = await startPreSend(workflows, requestOf())
    await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError)
    expect(sendouts.opened).toEqual([])
  })

  it('decides immediately on what is verified when the CRM refuses the credentials', async () => {
    const sendouts = new FakeSendouts({ targeted: 100_000 })
    const given = sendouts.activities()
    let verified = 0
    let closedAt = 0
    workflows.world({
      ...given,
      closeSendout: async (closing) => {
        closedAt = await workflows.environment.currentTimeMs()
        // Another parallel activity may end after it.
        verified = sendouts.verified
        return given.closeSendout(closing)
      },
      syncMembers: async (members) => {
        if (members.from >= 50_000) {
          throw failure('crm_auth_failed', { retryable: false })
        }
        return sendouts.sync(members)
      },
    })
    const deadline = await inFuture(workflows, HOUR_MS)
    const handle = await startPreSend(workflows, requestOf({ deadline }))
    const result = await handle.result()
    expect(result).toMatchObject({ outcome: 'decided', complete: false, targeted: 100_000 })
    expect(result.eligible).toBe(verified)
    expect(result.excluded.notVerified).toBe(100_000 - verified)
    expect(sendouts.closings).toMatchObject([{ problems: ['crm_auth_failed'] }])
    expect(closedAt).toBeLessThan(Date.parse(deadline) - HOUR_MS / 2)
  })

  it('tries again while an outage lasts, and is complete when it ends before the deadline', async () => {
    const sendouts = new FakeSendouts({ targeted: 1_000 })
    let attempts = 0
    workflows.world({
      ...sendouts.activities(),
      syncMembers: async (members) => {
        attempts += 1
        if (attempts < 6) {
          throw failure('crm_unreachable', { retryable: true, nextRetryDelay: RETRY_MS })
        }
        return sendouts.sync(members)
      },
    })
    const handle = await startPreSend(workflows, requestOf())
    expect(await handle.result()).toMatchObject({ complete: true, eligible: 1_000 })
    expect(attempts).toBe(6)
  })

  it('decides by the deadline on what is verified, when the CRM keeps asking to wait', async () => {
    const sendouts = new FakeSendouts({ targeted: 5_000 })
    workflows.world({
      ...sendouts.activities(),
      syncMembers: async (members) => {
        if (members.from > 0) {
          throw failure('crm_rate_limited', { retryable: true, nextRetryDelay: HOUR_MS })
        }
        return sendouts.sync(members)
      },
    })
    const deadline = await inFuture(workflows, DEADLINE_MS)
    const handle = await startPreSend(workflows, requestOf({ deadline }))
    const result = await handle.result()
    expect(result).toMatchObject({ outcome: 'decided', complete: false, eligible: 1_000 })
    expect(result.excluded.notVerified).toBe(4_000)
    expect(result.problems).toEqual(['deadline_reached', 'crm_rate_limited'])
  })

  it('sets itself a deadline of 30 minutes when none is asked for', async () => {
    const sendouts = new FakeSendouts({ targeted: 0 })
    const world = workflows.world(sendouts.activities())
    const handle = await startPreSend(workflows, requestOf())
    await handle.result()
    const { deadlineMs } = world.inputs('openSendout')[0]!
    const { startTime } = await handle.describe()
    expect(Math.floor((deadlineMs - startTime.getTime()) / 60_000)).toBe(30)
  })

  it('does not wait for an activity that hangs past the deadline', async () => {
    const sendouts = new FakeSendouts({ targeted: 1_000 })
    workflows.world({ ...sendouts.activities(), syncMembers: hang })
    const deadline = await inFuture(workflows, DEADLINE_MS)
    const handle = await startPreSend(workflows, requestOf({ deadline }))
    expect(await handle.result()).toMatchObject({ outcome: 'decided', eligible: 0 })
  })

  it('gives nobody when somebody is not verified and the policy is abort', async () => {
    const sendouts = new FakeSendouts({ targeted: 30_000 })
    workflows.world({
      ...sendouts.activities(),
      syncMembers: async (members) => {
        if (members.to === 30_000) {
          throw failure('crm_auth_failed', { retryable: false })
        }
        return sendouts.sync(members)
      },
    })
    const handle = await startPreSend(workflows, requestOf({ onUnverified: 'abort' }))
    expect(await handle.result()).toMatchObject({
      outcome: 'aborted',
      eligible: 0,
      mailingList: null,
    })
    expect((await handle.describe()).status.name).toBe('COMPLETED')
    expect(await statusOf(handle)).toMatchObject({ phase: 'aborted' })
  })

  it('waits out an outage at the last look as long as the deadline allows', async () => {
    const sendouts = new FakeSendouts({ targeted: 1_000 })
    const given = sendouts.activities()
    let left = 20
    workflows.world({
      ...given,
      decideMembers: async (input) => {
        if ((left -= 1) > 0) {
          throw failure('emarketeer_unreachable', { retryable: true, nextRetryDelay: RETRY_MS })
        }
        return given.decideMembers(input)
      },
    })
    const handle = await startPreSend(workflows, requestOf())
    expect(await handle.result()).toMatchObject({ complete: true, eligible: 1_000 })
  })

  it('gives a last look that hangs up after ten minutes, so that the deadline leaves time for another', async () => {
    workflows.world(new FakeSendouts({ targeted: 1 }).activities())
    const handle = await startPreSend(workflows, requestOf())
    await handle.result()
    const { events } = await handle.fetchHistory()
    const lastLook = events!
      .map((event) => event.activityTaskScheduledEventAttributes)
      .find((scheduled) => scheduled?.activityType?.name === 'decideMembers')!
    expect(Number(lastLook.startToCloseTimeout!.seconds)).toBe(600)
    expect(Number(lastLook.scheduleToCloseTimeout!.seconds)).toBeGreaterThan(2_300)
  })

  it('counts everybody as not verified when not even deciding works', async () => {
    const sendouts = new FakeSendouts({ targeted: 1_000 })
    const world = workflows.world({
      ...sendouts.activities(),
      decideMembers: async () => {
        throw failure('emarketeer_unreachable', { retryable: true, nextRetryDelay: RETRY_MS })
      },
    })
    const deadline = await inFuture(workflows, DEADLINE_MS)
    const handle = await startPreSend(workflows, requestOf({ deadline }))
    const result = await handle.result()
    expect(result).toMatchObject({ outcome: 'decided', complete: false, eligible: 0 })
    expect(result.excluded.notVerified).toBe(1_000)
    expect([6, 7]).toContain(world.inputs('decideMembers').length)
    expect(sendouts.closings).toMatchObject([{ problems: ['emarketeer_unreachable'] }])
  })
})
