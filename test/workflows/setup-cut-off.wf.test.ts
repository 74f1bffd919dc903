import { describe, expect, it } from '@jest/globals'
import { WorkflowFailedError } from '@temporalio/client'
import type { SetupStatus } from '../../src/contracts/setup.js'
import { hang } from './support/default-activities.js'
import { failure } from './support/fake-world.js'
import { override, pausedWith, statusOf, stepIn, untilStatus } from './support/setup-runs.js'
import { withWorkflows } from './support/with-workflows.js'

const connectionId = 'acme-dynamics'
const workflows = withWorkflows()
const hold = { reason: 'Something is wrong', by: 'kim' }
let started = 0

function start({ environment, taskQueue } = workflows) {
  return environment.client.workflow.start('dynamicsSetup', {
    workflowId: `setup/cut-off/${++started}`,
    taskQueue,
    args: [{ connectionId }],
  })
}

const runs = (id: string) => (status: SetupStatus) => stepIn(status, id)?.state === 'running'

describe('abort of a step that is being tried', () => {
  it.each([
    ['hangs', () => hang()],
    [
      'fails again and again',
      () => Promise.reject(failure('crm_unreachable', { retryable: true })),
    ],
  ])('cuts it off where it %s, once set-up is held back', async (_, work) => {
    const world = workflows.world({
      runSetupStep: ({ stepId }) =>
        stepId === 'tables' ? work() : Promise.resolve({ state: 'done', note: null }),
    })
    const handle = await start()
    await untilStatus(handle, runs('tables'))
    await expect(
      handle.executeUpdate('override', { args: [override('tables', 'abort')] }),
    ).rejects.toMatchObject({
      cause: { type: 'override_refused', message: expect.stringContaining('Hold set-up back') },
    })
    await handle.signal('pause', hold)
    await untilStatus(handle, ({ heldBy }) => heldBy !== null)
    await handle.executeUpdate('override', { args: [override('tables', 'abort')] })
    const result = (await handle.result()) as SetupStatus
    expect(result).toMatchObject({ phase: 'failed', result: 'aborted' })
    expect(stepIn(result, 'tables')).toMatchObject({
      state: 'failed',
      note: 'Aborted by kim: The customer said so',
    })
    expect(world.inputs('keepSetupDecision').map(({ action }) => action)).toEqual([
      'pause',
      'abort',
    ])
  })

  it('is carried out in the middle of the first sync', async () => {
    const world = workflows.world({ syncDue: hang })
    const handle = await start()
    await world.called('syncDue')
    await handle.signal('pause', hold)
    await handle.signal('override', override('firstSync', 'abort'))
    const result = (await handle.result()) as SetupStatus
    expect(result).toMatchObject({ phase: 'failed', result: 'aborted' })
    expect(stepIn(result, 'firstSync').state).toBe('failed')
    expect(world.names()).not.toContain('activateConnection')
  })
})

describe('abort of a step that ends meanwhile', () => {
  // The time-skipping server does not accept the cancel of an activity that has ended, and the workflow's task then
  // never ends.
  const real = withWorkflows('real')

  it('is carried out where the step succeeds at that very moment', async () => {
    const world = real.world({
      runSetupStep: async ({ stepId }) => {
        if (stepId === 'tables') {
          await handle.signal('pause', hold)
          await handle.signal('override', override('tables', 'abort'))
        }
        return { state: 'done', note: null }
      },
    })
    const handle = await start(real)
    expect(await handle.result()).toMatchObject({ phase: 'failed', result: 'aborted' })
    expect(world.names()).not.toContain('startSweep')
  })
})

describe('a set-up that is cancelled in Temporal', () => {
  it.each([
    ['while a step runs', 'running'],
    ['while a step waits', 'paused'],
  ])('%s, ends failed, and its status says so', async (_, state) => {
    workflows.world({
      runSetupStep: ({ stepId }) =>
        stepId !== 'tables'
          ? Promise.resolve({ state: 'done', note: null })
          : state === 'running'
            ? hang()
            : Promise.resolve(pausedWith('formUncertain', ['retry', 'abort'])),
    })
    const handle = await start()
    await untilStatus(handle, (status) => stepIn(status, 'tables')?.state === state)
    await handle.cancel()
    const failed = await handle.result().catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(WorkflowFailedError)
    expect((failed as WorkflowFailedError).cause?.name).toBe('CancelledFailure')
    const status = await statusOf(handle)
    expect(status).toMatchObject({ phase: 'failed', result: null })
    expect(stepIn(status, 'tables')).toMatchObject({
      state: 'failed',
      note: 'It was ended in Temporal, or could not go on',
    })
    const { searchAttributes } = await handle.describe()
    expect(searchAttributes['Phase']).toEqual(['failed'])
  })
})
