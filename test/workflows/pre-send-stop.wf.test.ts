import { describe, expect, it } from '@jest/globals'
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  WorkflowUpdateFailedError,
  type WorkflowHandle,
} from '@temporalio/client'
import { hang } from './support/default-activities.js'
import { FakeSendouts } from './support/fake-sendouts.js'
import type { FakeWorld } from './support/fake-world.js'
import type { Activities } from './support/activity-types.js'
import { inFuture, requestOf, startPreSend, statusOf } from './support/pre-send-runs.js'
import { withWorkflows } from './support/with-workflows.js'

const HOUR_MS = 3_600_000
const ABORT = { reason: 'The campaign was withdrawn', by: 'support' }

describe('stopping a pre-send', () => {
  const workflows = withWorkflows()

  /** A sendout whose named activities continue until they are cancelled. */
  function hanging(...names: ('syncMembers' | 'decideMembers')[]) {
    const sendouts = new FakeSendouts({ targeted: 30_000 })
    const stuck = Object.fromEntries(names.map((name) => [name, hang])) as Partial<Activities>
    return { sendouts, world: workflows.world({ ...sendouts.activities(), ...stuck }) }
  }

  const abortWith = (handle: WorkflowHandle, argument: unknown) =>
    handle.executeUpdate('abort', { args: [argument] })

  const abort = (handle: WorkflowHandle) => abortWith(handle, ABORT)

  /** When runs are closed, by the server's clock: after a workflow has ended, that clock may have any time. */
  function closingTimes(sendouts: FakeSendouts, world: FakeWorld): number[] {
    const times: number[] = []
    const { closeSendout } = sendouts.activities()
    world.activities.closeSendout = async (closing) => {
      times.push(await workflows.environment.currentTimeMs())
      return closeSendout(closing)
    }
    return times
  }

  /**
   * It waits for its start. Cancelling while it is checked is in pre-send-first-moment.wf.test.ts, because the
   * time-skipping server does not accept the cancel of an activity that has ended meanwhile ("ACTIVITY_UNKNOWN"), and
   * the workflow's task then never ends.
   */
  async function checked(handle: WorkflowHandle): Promise<void> {
    while ((await handle.describe()).searchAttributes['Crm'] === undefined) {
      // asked again: nothing else tells it outside
    }
  }

  const nobody = { outcome: 'aborted', eligible: 0, complete: false, mailingList: null }

  it('takes an abort before the start: the run is closed with nobody on a list', async () => {
    const { sendouts, world } = hanging()
    const times = closingTimes(sendouts, world)
    const startAt = await inFuture(workflows, 10 * HOUR_MS)
    const handle = await startPreSend(workflows, requestOf({ startAt }))
    await checked(handle)
    expect(await abort(handle)).toMatchObject({ phase: 'waiting' })
    expect(await handle.result()).toMatchObject(nobody)
    expect(world.names()).toEqual(['checkPreSend', 'openSendout', 'closeSendout'])
    expect(sendouts.closings).toMatchObject([{ aborted: true }])
    expect(times[0]).toBeLessThan(Date.parse(startAt))
  })

  it('shows in its status what only the ledger knew: that a newer run has its own list', async () => {
    const { sendouts, world } = hanging()
    const { closeSendout } = sendouts.activities()
    world.activities.closeSendout = async (closing) => {
      const result = await closeSendout(closing)
      return { ...result, problems: [...result.problems, 'newer_run'] }
    }
    const startAt = await inFuture(workflows, 10 * HOUR_MS)
    const handle = await startPreSend(workflows, requestOf({ startAt }))
    await checked(handle)
    await abort(handle)
    expect((await handle.result()).problems).toContain('newer_run')
    expect((await statusOf(handle)).problems).toContain('newer_run')
  })

  it('takes an abort while syncing: children end, the run is closed', async () => {
    const { sendouts, world } = hanging('syncMembers')
    const handle = await startPreSend(workflows, requestOf())
    await world.called('syncMembers')
    await abort(handle)
    expect(await handle.result()).toMatchObject(nobody)
    expect(world.names()).not.toContain('decideMembers')
    expect(sendouts.closings).toMatchObject([{ aborted: true, problems: ['pre_send_aborted'] }])
    expect(await statusOf(handle)).toMatchObject({ phase: 'aborted' })
    const child = workflows.environment.client.workflow.getHandle(`${handle.workflowId}/0`)
    expect((await child.describe()).status.name).toBe('CANCELLED')
  })

  it('takes an abort immediately while deciding', async () => {
    const { sendouts, world } = hanging('decideMembers')
    const handle = await startPreSend(workflows, requestOf())
    await world.called('decideMembers')
    await abort(handle)
    expect(await handle.result()).toMatchObject(nobody)
    expect(sendouts.closings).toMatchObject([{ aborted: true }])
  })

  it('refuses an abort while the result is being written', async () => {
    const { sendouts, world } = hanging()
    let release!: () => void
    const released = new Promise<void>((resolve) => (release = resolve))
    const { closeSendout } = sendouts.activities()
    world.activities.closeSendout = async (closing) => (await released, closeSendout(closing))
    const handle = await startPreSend(workflows, requestOf())
    await world.called('closeSendout')
    await expect(abort(handle)).rejects.toMatchObject({
      cause: { message: 'It is decided already.' },
    })
    release()
    expect(await handle.result()).toMatchObject({ outcome: 'decided', eligible: 30_000 })
  })

  it.each([undefined, {}, { reason: 'x' }, { by: 'x' }, { reason: ' ', by: 'x' }])(
    'refuses an abort without a reason and a name: %j',
    async (argument) => {
      const { sendouts, world } = hanging('syncMembers')
      const handle = await startPreSend(workflows, requestOf())
      await world.called('syncMembers')
      await expect(abortWith(handle, argument)).rejects.toBeInstanceOf(WorkflowUpdateFailedError)
      expect(await statusOf(handle)).toMatchObject({ phase: 'syncing' })
      expect(sendouts.closings).toEqual([])
      await handle.terminate()
    },
  )

  it.each([['before the start'], ['while syncing'], ['while deciding']])(
    'ends cancelled when cancelled %s, with nobody on a list',
    async (when) => {
      const step = when === 'while syncing' ? 'syncMembers' : 'decideMembers'
      const { sendouts, world } = hanging(step)
      const startAt = when === 'before the start' ? await inFuture(workflows, HOUR_MS) : null
      const handle = await startPreSend(workflows, requestOf({ startAt }))
      await (startAt === null ? world.called(step) : checked(handle))
      await handle.cancel()
      await expect(handle.result()).rejects.toBeInstanceOf(WorkflowFailedError)
      expect((await handle.describe()).status.name).toBe('CANCELLED')
      expect(sendouts.opened.at(-1)).toBe(sendouts.closings[0]?.sendoutRunId)
      expect(sendouts.closings).toMatchObject([{ aborted: true }])
      expect(await statusOf(handle)).toMatchObject({ phase: 'aborted', result: nobody })
    },
  )

  it('reports what is in the ledger when cancelled while the result is being written', async () => {
    const { sendouts, world } = hanging()
    let release!: () => void
    const released = new Promise<void>((resolve) => (release = resolve))
    const { closeSendout } = sendouts.activities()
    world.activities.closeSendout = async (closing) => (await released, closeSendout(closing))
    const handle = await startPreSend(workflows, requestOf())
    await world.called('closeSendout')
    await handle.cancel()
    release()
    expect(await handle.result()).toMatchObject({ outcome: 'decided', eligible: 30_000 })
    expect(sendouts.closings).toHaveLength(1)
  })

  it('is joined by who asks for the same sendout and stage while it runs', async () => {
    const { world } = hanging('syncMembers')
    const request = requestOf()
    const { environment, taskQueue } = workflows
    const handle = await startPreSend(workflows, request)
    await world.called('syncMembers')
    const start = (workflowIdConflictPolicy: 'USE_EXISTING' | 'FAIL') =>
      environment.client.workflow.start('preSend', {
        workflowId: handle.workflowId,
        taskQueue,
        args: [request],
        workflowIdConflictPolicy,
      })
    const joined = await start('USE_EXISTING')
    expect(joined.firstExecutionRunId).toBe((await handle.describe()).runId)
    await expect(start('FAIL')).rejects.toBeInstanceOf(WorkflowExecutionAlreadyStartedError)
    await abort(handle)
    expect(await joined.result()).toMatchObject(nobody)
  })
})
