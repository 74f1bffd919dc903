import { describe, expect, it } from '@jest/globals'
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client'
import type { DisconnectStatus } from '../../src/contracts/lifecycle-activities.js'
import type { SetupPause } from '../../src/contracts/setup.js'
import type { ActivityName } from './support/activity-types.js'
import { failure } from './support/fake-world.js'
import { withWorkflows } from './support/with-workflows.js'

const connectionId = 'acme-dynamics'
const workflows = withWorkflows()
const words = { reason: 'the customer leaves', by: 'Kari' }
const refused = (code: string) => failure(code, { retryable: false })
let started = 0

function start(removeInstalled: boolean, changes: object = {}) {
  const { environment, taskQueue } = workflows
  return environment.client.workflow.start('disconnect', {
    workflowId: `disconnect/${connectionId}/${++started}`,
    taskQueue,
    args: [{ connectionId, removeInstalled, ...words, ...changes }],
  })
}

type Handle = Awaited<ReturnType<typeof start>>

const override = (handle: Handle, step: string, action: string) =>
  handle.executeUpdate('override', { args: [{ step, action, ...words }] })

/** States of the steps, by id. */
const statesOf = ({ steps }: DisconnectStatus) =>
  Object.fromEntries(steps.map(({ id, state }) => [id, state]))

/** Resolves when a step waits for a person. */
async function paused(handle: Handle): Promise<DisconnectStatus> {
  for (;;) {
    const status = await handle.query<DisconnectStatus>('status')
    if (status.phase === 'paused') {
      return status
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

describe('disconnect', () => {
  it('stops first, then ends what runs, then removes the webhooks of both sides', async () => {
    const world = workflows.world()
    const result = (await (await start(false)).result()) as DisconnectStatus
    expect(world.names()).toEqual([
      'planDisconnect',
      'disableConnection',
      'endWork',
      'removeCrmWebhooks',
      'removeEmarketeerWebhook',
    ])
    expect(world.inputs('disableConnection')).toMatchObject([
      { connectionId, ...words, removeInstalled: false },
    ])
    expect(world.inputs('endWork')).toMatchObject([{ kinds: ['starters', 'cron', 'runs'] }])
    expect(result).toMatchObject({ phase: 'done', result: 'done', percent: 100 })
    expect(statesOf(result)).toEqual({ stop: 'done', sweep: 'done', webhooks: 'done' })
  })

  it.each<[string, ActivityName, number]>([
    ['refuses us', 'removeCrmWebhooks', 1],
    ['does not answer', 'removeEmarketeerWebhook', 5],
  ])('ends all the same where a side %s, and says what is left', async (_, name, tries) => {
    const world = workflows.world({
      [name]: async () => {
        throw failure('crm_auth_failed', { retryable: tries > 1 })
      },
    })
    const result = (await (await start(false)).result()) as DisconnectStatus
    expect(world.inputs(name)).toHaveLength(tries)
    expect(world.names()).toContain('removeEmarketeerWebhook')
    const webhooks = result.steps.find(({ id }) => id === 'webhooks')
    expect([result.result, webhooks?.state]).toEqual(['done', 'skipped'])
    expect(webhooks?.note).toMatch(/^Webhooks could not be removed: .*\(crm_auth_failed\)$/)
  })

  it.each([['reason'], ['by'], ['connectionId']])('needs %s', async (name) => {
    const world = workflows.world()
    const failed = (await start(false, { [name]: ' ' })).result()
    await expect(failed).rejects.toMatchObject({ cause: { type: 'value_invalid' } })
    expect(world.names()).toEqual([])
  })

  it.each(['false', 'true', 1, null, undefined])(
    'removes nothing where removeInstalled is %j instead of true or false',
    async (removeInstalled) => {
      const world = workflows.world()
      const failed = (await start(false, { removeInstalled })).result()
      await expect(failed).rejects.toMatchObject({
        cause: { type: removeInstalled === undefined ? 'value_missing' : 'value_invalid' },
      })
      expect(world.names()).toEqual([])
    },
  )

  it('ends failed where it is cancelled in Temporal, and its status says so', async () => {
    workflows.world({
      keepSubscriptions: async () => {
        throw refused('crm_privilege_missing')
      },
    })
    const handle = await start(true)
    expect((await paused(handle)).steps.find(({ id }) => id === 'keep')).toMatchObject({
      state: 'paused',
      pause: { code: 'privilegeMissing', choices: ['retry', 'abort'] },
    })
    await handle.cancel()
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } })
    const status = await handle.query<DisconnectStatus>('status')
    expect(status).toMatchObject({ phase: 'failed', result: null })
    expect(statesOf(status)).toMatchObject({ keep: 'failed', forget: 'pending' })
  })

  it('fails for a connection that is not there', async () => {
    workflows.world({
      planDisconnect: async () => {
        throw refused('connection_not_found')
      },
    })
    await expect((await start(true)).result()).rejects.toBeInstanceOf(WorkflowFailedError)
  })
})

describe('disconnect that removes what was installed', () => {
  it('syncs a last time, disables, keeps, and undoes the steps in reverse order', async () => {
    const world = workflows.world()
    const result = (await (await start(true)).result()) as DisconnectStatus
    expect(world.names()).toEqual([
      'planDisconnect',
      'endWork',
      'catchUpBoth',
      'syncDue',
      'settleRun',
      'countUnsaved',
      'disableConnection',
      'endWork',
      'removeCrmWebhooks',
      'removeEmarketeerWebhook',
      'keepSubscriptions',
      'undoSetupStep',
      'undoSetupStep',
      'forgetInstallation',
    ])
    expect(world.inputs('undoSetupStep').map(({ stepId }) => stepId)).toEqual(['tables', 'connect'])
    expect(world.inputs('endWork')[0]).toMatchObject({ kinds: ['starters'] })
    expect(result.steps.every(({ state }) => state === 'done')).toBe(true)
  })

  it('removes nothing while an unsubscribe has not reached eMarketeer', async () => {
    const world = workflows.world({ countUnsaved: async () => 2 })
    const handle = await start(true)
    await workflows.environment.sleep('5 minutes')
    const status = await paused(handle)
    expect(status.steps[0]).toMatchObject({
      id: 'save',
      pause: { choices: ['retry', 'abort'], seen: { error: 'unsaved' } },
    })
    expect(status.steps[0]?.pause?.message).toMatch(/^2 unsubscribes/)
    expect(world.inputs('countUnsaved')).toHaveLength(10)
    expect(world.names()).not.toContain('disableConnection')
    await expect(override(handle, 'save', 'skip')).rejects.toBeInstanceOf(WorkflowUpdateFailedError)
    world.activities.countUnsaved = async () => 0
    await override(handle, 'save', 'retry')
    expect(await handle.result()).toMatchObject({ result: 'done' })
    expect(world.inputs('keepStepDecision')).toMatchObject([
      { step: 'save', action: 'retry', ...words },
    ])
  })

  it('leaves the connection as it was where the last sync is given up', async () => {
    const world = workflows.world({
      catchUpBoth: async () => {
        throw refused('crm_auth_failed')
      },
    })
    const handle = await start(true)
    expect((await paused(handle)).steps[0]?.pause).toMatchObject({ code: 'authFailed' })
    await override(handle, 'save', 'abort')
    expect(await handle.result()).toMatchObject({ result: 'aborted', phase: 'failed' })
    expect(world.names()).not.toContain('disableConnection')
  })

  it('saves nothing where nothing more may be synced, and keeps what it reads', async () => {
    const world = workflows.world({
      planDisconnect: async () => ({ crm: 'dynamics', nothingToSave: 'Disabled.', undo: [] }),
      keepSubscriptions: async () => ({ kept: 3 }),
    })
    const result = (await (await start(true)).result()) as DisconnectStatus
    expect(world.names()).not.toContain('catchUpBoth')
    const notes = Object.fromEntries(result.steps.map(({ id, note }) => [id, note]))
    expect(notes).toMatchObject({ save: 'Disabled.', keep: expect.stringMatching(/^3 unsubsc/) })
  })

  it('waits at a step that the CRM refuses; skipped, the facts of what is left are kept', async () => {
    const world = workflows.world({
      undoSetupStep: async ({ stepId }) => {
        if (stepId === 'tables') {
          throw refused('crm_privilege_missing')
        }
        return null
      },
    })
    const handle = await start(true)
    const status = await paused(handle)
    expect(statesOf(status)).toMatchObject({
      'remove-tables': 'paused',
      'remove-connect': 'pending',
    })
    await override(handle, 'remove-tables', 'skip')
    const result = (await handle.result()) as DisconnectStatus
    expect(statesOf(result)).toMatchObject({ 'remove-tables': 'skipped', forget: 'skipped' })
    expect(world.names()).not.toContain('forgetInstallation')
  })

  it('waits in the words of a step of the CRM, and hands it what Support chose', async () => {
    const pause: SetupPause = {
      code: 'draftPending',
      message: 'Somebody has changes that are not published on the form "Sales".',
      choices: ['retry', 'publishAll', 'abort'],
      seen: { drafts: [{ kind: 'form', id: 'f', name: 'Sales' }] },
    }
    const world = workflows.world({
      undoSetupStep: async ({ stepId, choice }) =>
        stepId === 'tables' && choice?.action !== 'publishAll' ? pause : null,
    })
    const handle = await start(true)
    const status = await paused(handle)
    const waiting = status.steps.find(({ id }) => id === 'remove-tables')
    expect(waiting?.pause).toEqual({ ...pause, choices: ['retry', 'publishAll', 'skip', 'abort'] })
    await override(handle, 'remove-tables', 'publishAll')
    expect(await handle.result()).toMatchObject({ result: 'done' })
    const choices = world.inputs('undoSetupStep').map(({ stepId, choice }) => [stepId, choice])
    expect(choices).toEqual([
      ['tables', null],
      ['tables', { action: 'publishAll' }],
      ['connect', null],
    ])
    expect(world.inputs('keepStepDecision')).toMatchObject([
      { step: 'remove-tables', action: 'publishAll', reason: expect.any(String) },
    ])
  })

  it('keeps once more what a rep may have said while a step waited', async () => {
    const world = workflows.world({
      undoSetupStep: async ({ stepId }) => {
        if (stepId === 'tables' && world.inputs('undoSetupStep').length === 1) {
          throw refused('crm_refused')
        }
        return null
      },
    })
    expect(await (await start(true)).result()).toMatchObject({ result: 'done' })
    const kept = world.names().filter((name) => /^(keepSub|undo)/.test(name))
    expect(kept).toEqual([
      'keepSubscriptions',
      'undoSetupStep',
      'keepSubscriptions',
      'undoSetupStep',
      'undoSetupStep',
    ])
  })

  it.each([
    ['crm_privilege_missing', 2],
    ['crm_auth_failed', 1],
  ])('that waits because of %s is tried %i times in an hour', async (code, tries) => {
    const world = workflows.world({
      keepSubscriptions: async () => {
        if (world.inputs('keepSubscriptions').length === 1) {
          throw refused(code)
        }
        return { kept: 0 }
      },
    })
    const handle = await start(true)
    await paused(handle)
    await workflows.environment.sleep('61 minutes')
    expect(world.inputs('keepSubscriptions')).toHaveLength(tries)
    if (tries === 1) {
      await override(handle, 'keep', 'retry')
    }
    expect(await handle.result()).toMatchObject({ result: 'done' })
  })

  it.each([
    ['carries out', 'abort', { result: 'aborted', next: 'failed', kept: ['retry', 'abort'] }],
    ['has no use for', 'skip', { result: 'done', next: 'done', kept: ['retry'] }],
  ])('%s a decision to %s, given during a try that then succeeds', async (_, action, expected) => {
    let succeed = () => {}
    const succeeding = new Promise<void>((resolve) => (succeed = resolve))
    const world = workflows.world({
      undoSetupStep: async () => {
        if (world.inputs('undoSetupStep').length === 1) {
          throw refused('crm_privilege_missing')
        }
        await succeeding
        return null
      },
    })
    const handle = await start(true)
    await paused(handle)
    await override(handle, 'remove-tables', 'retry')
    await world.called('undoSetupStep', 2)
    await override(handle, 'remove-tables', action)
    succeed()
    const status = (await handle.result()) as DisconnectStatus
    const { 'remove-tables': tried, 'remove-connect': next } = statesOf(status)
    const kept = world.inputs('keepStepDecision').map((decision) => decision.action)
    expect({ tried, result: status.result, next, kept }).toEqual({ tried: 'done', ...expected })
  })

  it('ends where the connection was enabled again meanwhile', async () => {
    const world = workflows.world({
      undoSetupStep: async () => {
        throw refused('connection_not_disabled')
      },
    })
    await expect((await start(true)).result()).rejects.toBeInstanceOf(WorkflowFailedError)
    expect(world.inputs('undoSetupStep')).toHaveLength(1)
  })
})
