import { describe, expect, it } from '@jest/globals'
import type { SetupStatus } from '../../src/contracts/setup.js'
import { override, pausedWith, statusOf, stepIn, untilStatus } from './support/setup-runs.js'
import { withWorkflows } from './support/with-workflows.js'

const connectionId = 'acme-dynamics'
const workflows = withWorkflows()
const hold = { reason: 'Something is wrong', by: 'kim' }
let started = 0

function start(input: object = {}) {
  const { environment, taskQueue } = workflows
  return environment.client.workflow.start('dynamicsSetup', {
    workflowId: `setup/waiting/${++started}`,
    taskQueue,
    args: [{ connectionId, ...input }],
  })
}

const isPaused = ({ phase }: SetupStatus) => phase === 'paused'

describe('while set-up is held back', () => {
  it('nothing is looked at again by itself, and what is decided waits', async () => {
    let tries = 0
    const world = workflows.world({
      runSetupStep: async ({ stepId }) =>
        stepId === 'webhooks' && ++tries < 2
          ? pausedWith('gatewayUnreachable', ['retry', 'skip', 'abort'])
          : { state: 'done', note: null },
    })
    const handle = await start()
    await untilStatus(handle, isPaused)
    await handle.signal('pause', hold)
    await untilStatus(handle, ({ heldBy }) => heldBy !== null)
    await workflows.environment.sleep('3 hours')
    expect(tries).toBe(1)
    expect(await statusOf(handle)).toMatchObject({ phase: 'paused' })
    await handle.signal('override', override('webhooks', 'retry'))
    await world.called('keepSetupDecision', 2)
    expect(tries).toBe(1)
    await handle.signal('resume', hold)
    expect(await handle.result()).toMatchObject({ phase: 'done', result: 'done' })
    expect(tries).toBe(2)
  })
})

describe('what was chosen for a step', () => {
  it('stands until the step has ended, also across looks by itself', async () => {
    const pauses = ['detailsTabMissing', 'draftPending', null] as const
    let tries = 0
    const world = workflows.world({
      runSetupStep: async ({ stepId, choice }) => {
        const code =
          stepId !== 'tables' ? null : choice === null ? 'formUncertain' : pauses[tries++]
        return code
          ? pausedWith(code, ['retry', 'useForm', 'useTab', 'abort'])
          : { state: 'done', note: null }
      },
    })
    const handle = await start()
    await untilStatus(handle, isPaused)
    await handle.executeUpdate('override', {
      args: [override('tables', 'useForm', { formId: 'f-1' })],
    })
    await untilStatus(handle, (s) => stepIn(s, 'tables').pause?.code === 'detailsTabMissing')
    await handle.executeUpdate('override', { args: [override('tables', 'useTab', { tab: 't' })] })
    await handle.result()
    const both = { action: 'useTab', formId: 'f-1', tab: 't' }
    expect(world.inputs('runSetupStep').map(({ stepId, choice }) => [stepId, choice])).toEqual([
      ['connect', null],
      ['tables', null],
      ['tables', { action: 'useForm', formId: 'f-1' }],
      ['tables', both],
      ['tables', both],
      ['webhooks', null],
      ['categories', null],
    ])
  })
})
