import { describe, expect, it } from '@jest/globals'
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client'
import { INBOX_SHARDS } from '../../src/contracts/names.js'
import type { SetupStatus } from '../../src/contracts/setup.js'
import { placeAfter, report, SETUP_STEPS } from './support/default-activities.js'
import { failure } from './support/fake-world.js'
import { override, pausedWith, statusOf, stepIn, untilStatus } from './support/setup-runs.js'
import { withWorkflows } from './support/with-workflows.js'

const connectionId = 'acme-dynamics'
const workflows = withWorkflows()
let started = 0

const EVERY_SHARD = Array.from({ length: INBOX_SHARDS }, () => 'drainInbox')
const isPaused = ({ phase }: SetupStatus) => phase === 'paused'

function start(type: 'dynamicsSetup' | 'superOfficeSetup' = 'dynamicsSetup', input: object = {}) {
  const { environment, taskQueue } = workflows
  return environment.client.workflow.start(type, {
    workflowId: `${type}/${connectionId}/${++started}`,
    taskQueue,
    args: [{ connectionId, ...input }],
  })
}

/** A world in which one step pauses until it receives one of these actions. */
function pausing(stepId: string, pause: ReturnType<typeof pausedWith>, until: string[]) {
  return workflows.world({
    runSetupStep: async (input) =>
      input.stepId === stepId && !until.includes(input.choice?.action ?? '')
        ? pause
        : { state: 'done', note: null },
  })
}

describe('set-up', () => {
  it('runs the steps in order, and reports its progress', async () => {
    const seen: SetupStatus[] = []
    const look = async () => void seen.push(await statusOf(handle))
    const world = workflows.world({
      runSetupStep: async () => (await look(), { state: 'done', note: null }),
      catchUpBoth: async () => (await look(), report()),
      countDue: async () => 100,
      syncDue: async ({ place }) => (
        await look(),
        { ...report(50), next: place === null ? placeAfter(50) : null }
      ),
      activateConnection: look,
      tellNotices: async () => ['Something that lies there.'],
    })
    const handle = await start()
    const result = (await handle.result()) as SetupStatus
    // Half of the first sync's 30 % after its first part.
    expect(seen.map(({ percent }) => percent)).toEqual([0, 10, 40, 50, 60, 60, 75, 90, 90])
    expect(seen.map(({ remainingSeconds }) => remainingSeconds)).toEqual(
      [...seen.map(({ remainingSeconds }) => remainingSeconds)].sort((a, b) => b - a),
    )
    expect(world.names()).toEqual([
      'planSetup',
      ...['connect', 'tables', 'webhooks', 'categories'].map(() => 'runSetupStep'),
      'catchUpBoth',
      'countDue',
      'syncDue',
      'syncDue',
      'settleRun',
      // What it wrote.
      'catchUpBoth',
      'tellNotices',
      'activateConnection',
      // Hints that arrived before the connection was active.
      ...EVERY_SHARD,
      'startSweep',
    ])
    expect(world.inputs('syncDue')[0]).toMatchObject({ reading: 'copy', tier: 'setup' })
    expect(result.steps.find(({ id }) => id === 'firstSync')?.note).toBe(
      '100 contacts processed; 100 wait for approval (lbsync held). Something that lies there.',
    )
    expect(result).toMatchObject({
      connectionId,
      phase: 'done',
      result: 'done',
      percent: 100,
      remainingSeconds: 0,
    })
    expect(result.steps.map(({ id, state, attempts }) => [id, state, attempts])).toEqual(
      SETUP_STEPS.map(({ id }) => [id, 'done', 1]),
    )
    for (const { startedAt, endedAt } of result.steps) {
      expect(Date.parse(startedAt!)).toBeLessThanOrEqual(Date.parse(endedAt!))
    }
  })

  it('is the same for SuperOffice', async () => {
    workflows.world()
    const result = (await (await start('superOfficeSetup')).result()) as SetupStatus
    expect(result).toMatchObject({ phase: 'done', percent: 100 })
  })

  it('ends a step that is not possible here as skipped, with the reason', async () => {
    workflows.world({
      runSetupStep: async ({ stepId }) =>
        stepId === 'webhooks'
          ? { state: 'skipped', note: 'Webhooks are switched off' }
          : { state: 'done', note: null },
    })
    const result = (await (await start()).result()) as SetupStatus
    expect(stepIn(result, 'webhooks')).toMatchObject({
      state: 'skipped',
      note: 'Webhooks are switched off',
    })
    expect(result).toMatchObject({ phase: 'done', percent: 100 })
  })

  it.each([
    ['crm_auth_failed', 'authFailed'],
    ['crm_privilege_missing', 'privilegeMissing'],
    ['crm_refused', 'stepFailed'],
  ])('pauses on %s as %s, never fails, and goes on by an override', async (code, pauseCode) => {
    let broken = true
    const world = workflows.world({
      runSetupStep: async ({ stepId }) => {
        if (stepId === 'tables' && broken) {
          throw failure(code, { retryable: false })
        }
        return { state: 'done', note: null }
      },
    })
    const handle = await start()
    const status = await untilStatus(handle, isPaused)
    expect(stepIn(status, 'tables')).toMatchObject({
      state: 'paused',
      attempts: 1,
      pause: { code: pauseCode, choices: ['retry', 'abort'], seen: { error: code } },
    })
    broken = false
    const message = override('tables', 'retry')
    expect(await handle.executeUpdate('override', { args: [message] })).toEqual({
      accepted: true,
      step: 'tables',
      action: 'retry',
    })
    const result = (await handle.result()) as SetupStatus
    expect(stepIn(result, 'tables')).toMatchObject({ state: 'done', attempts: 2, pause: null })
    expect(world.inputs('keepSetupDecision')).toMatchObject([
      { connectionId, step: 'tables', action: 'retry', reason: message.reason, by: message.by },
    ])
  })

  it('gives a choice to the step, by signal', async () => {
    const world = pausing('tables', pausedWith('formUncertain', ['retry', 'useForm']), ['useForm'])
    const handle = await start()
    await untilStatus(handle, isPaused)
    await handle.signal('override', override('tables', 'useForm', { formId: 'f-1' }))
    await handle.result()
    expect(world.inputs('runSetupStep').map(({ stepId, choice }) => [stepId, choice])).toEqual([
      ['connect', null],
      ['tables', null],
      ['tables', { action: 'useForm', formId: 'f-1' }],
      ['webhooks', null],
      ['categories', null],
    ])
  })

  it('skips a step, and keeps who did and why', async () => {
    pausing('webhooks', pausedWith('gatewayUnreachable', ['retry', 'skip', 'abort']), [])
    const handle = await start()
    await untilStatus(handle, isPaused)
    await handle.signal('override', override('webhooks', 'skip'))
    const result = (await handle.result()) as SetupStatus
    expect(result).toMatchObject({ phase: 'done', result: 'done', percent: 100 })
    expect(stepIn(result, 'webhooks')).toMatchObject({
      state: 'skipped',
      note: 'Skipped by kim: The customer said so',
    })
  })

  it('aborts: completes, and says so', async () => {
    const world = pausing('tables', pausedWith('formUncertain', ['retry', 'abort']), [])
    const handle = await start()
    await untilStatus(handle, isPaused)
    await handle.signal('override', override('tables', 'abort'))
    const result = (await handle.result()) as SetupStatus
    expect(result).toMatchObject({ phase: 'failed', result: 'aborted', percent: 10 })
    expect(stepIn(result, 'tables')).toMatchObject({
      state: 'failed',
      note: 'Aborted by kim: The customer said so',
      pause: { code: 'formUncertain' },
    })
    expect(world.names()).not.toContain('startSweep')
    expect(world.inputs('keepSetupDecision')).toMatchObject([{ action: 'abort' }])
  })

  it('looks again by itself at what may pass by itself, with longer and longer waits', async () => {
    let looks = 0
    workflows.world({
      runSetupStep: async ({ stepId }) =>
        stepId === 'webhooks' && ++looks < 4
          ? pausedWith('gatewayUnreachable', ['retry', 'skip', 'abort'])
          : { state: 'done', note: null },
    })
    const handle = await start()
    const result = (await handle.result()) as SetupStatus
    const { startedAt, endedAt, attempts } = stepIn(result, 'webhooks')
    expect(attempts).toBe(4)
    const waitedMs = Date.parse(endedAt!) - Date.parse(startedAt!)
    expect(waitedMs / 60_000).toBeCloseTo(5 + 10 + 20, 0)
    expect(result.remainingSeconds).toBe(0)
  })

  it('waits out what passes, then pauses so that somebody sees it', async () => {
    const world = workflows.world({
      runSetupStep: async ({ stepId }) => {
        if (stepId === 'tables' && world.inputs('runSetupStep').length < 30) {
          throw failure('crm_customization_locked', { retryable: true })
        }
        return { state: 'done', note: null }
      },
    })
    const handle = await start()
    const result = (await handle.result()) as SetupStatus
    // Twenty tries, a pause, and then again.
    expect(stepIn(result, 'tables')).toMatchObject({ state: 'done', attempts: 2 })
  })
})

describe('messages of Support', () => {
  const pause = pausedWith('formUncertain', ['retry', 'useForm', 'abort'])

  it.each([
    [{}, 'override_invalid', 'reason is missing'],
    [override('tables', 'dance'), 'override_invalid', 'action is not valid: must be retry'],
    [override('tables', 'useForm'), 'override_invalid', 'formId is missing: useForm needs it'],
    [override('nothing', 'retry'), 'override_invalid', 'There is no step "nothing"'],
    [override('connect', 'retry'), 'override_refused', 'Step connect is done, not paused'],
    [override('webhooks', 'retry'), 'override_refused', 'Step webhooks is pending, not paused'],
    [override('tables', 'skip'), 'override_refused', 'Choices: retry, useForm, abort'],
  ])('%j is answered with %s, and changes nothing', async (message, code, text) => {
    const world = pausing('tables', pause, ['retry'])
    const handle = await start()
    const before = await untilStatus(handle, isPaused)
    const refusal = await handle
      .executeUpdate('override', { args: [message] })
      .catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(WorkflowUpdateFailedError)
    expect(refusal).toMatchObject({
      cause: { type: code, message: expect.stringContaining(text) },
    })
    await handle.signal('override', message)
    const after = await untilStatus(handle, ({ messages }) => messages.length > 0)
    expect(after.messages.at(-1)!.text).toContain(text)
    expect({ ...after, messages: [] }).toEqual({ ...before, messages: [] })
    expect(world.inputs('keepSetupDecision')).toEqual([])
    await handle.signal('override', override('tables', 'retry'))
    await handle.result()
  })

  it('that come early or twice change nothing more', async () => {
    const world = pausing('tables', pause, ['useForm'])
    const handle = await start()
    await handle.signal('override', override('tables', 'useForm', { formId: 'early' }))
    await untilStatus(handle, isPaused)
    await handle.signal('override', override('tables', 'useForm', { formId: 'first' }))
    await handle.signal('override', override('tables', 'useForm', { formId: 'second' }))
    const result = (await handle.result()) as SetupStatus
    expect(world.inputs('runSetupStep').map(({ choice }) => choice?.formId)).toEqual([
      undefined,
      undefined,
      'first',
      undefined,
      undefined,
    ])
    expect(result.messages.map(({ text }) => text)).toEqual([
      expect.stringContaining('refused'),
      'override of tables: useForm, by kim',
      expect.stringContaining('refused'),
    ])
    expect(world.inputs('keepSetupDecision')).toHaveLength(1)
  })

  it('hold it back before the next step, and let it go on', async () => {
    const world = workflows.world({
      runSetupStep: async ({ stepId }) => {
        if (stepId === 'connect') {
          await handle.signal('pause', { reason: 'A release is going on', by: 'kim' })
        }
        return { state: 'done', note: null }
      },
    })
    const handle = await start()
    const held = await untilStatus(handle, isPaused)
    expect(held).toMatchObject({ heldBy: { reason: 'A release is going on', by: 'kim' } })
    expect(world.inputs('runSetupStep')).toHaveLength(1)
    await handle.signal('resume', { reason: 'It is over', by: 'kim' })
    expect(await handle.result()).toMatchObject({ phase: 'done', heldBy: null })
    expect(world.inputs('keepSetupDecision').map(({ action }) => action)).toEqual([
      'pause',
      'resume',
    ])
  })

  it('abort it while it is held back', async () => {
    workflows.world({
      runSetupStep: async () => {
        await handle.signal('pause', { reason: 'Wrong customer', by: 'kim' })
        return { state: 'done', note: null }
      },
    })
    const handle = await start()
    await untilStatus(handle, isPaused)
    await handle.signal('override', override('tables', 'abort'))
    expect(await handle.result()).toMatchObject({ phase: 'failed', result: 'aborted' })
  })

  it('resume: tries a step that waits once more', async () => {
    const world = pausing('tables', pause, ['retry'])
    const handle = await start()
    await untilStatus(handle, isPaused)
    await handle.signal('resume', { reason: 'The form is published', by: 'kim' })
    expect(await handle.result()).toMatchObject({ phase: 'done' })
    expect(world.inputs('keepSetupDecision').map(({ action }) => action)).toEqual([
      'resume',
      'retry',
    ])
  })
})

describe('a start that cannot be', () => {
  it('without a connection is refused in words', async () => {
    workflows.world()
    const { environment, taskQueue } = workflows
    const handle = await environment.client.workflow.start('dynamicsSetup', {
      workflowId: `setup/nothing/${++started}`,
      taskQueue,
      args: [{}],
    })
    const failed = await handle.result().catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(WorkflowFailedError)
    expect(failed).toMatchObject({ cause: { type: 'value_missing' } })
  })
})

describe('preview', () => {
  it('looks at every step, and runs none', async () => {
    const world = workflows.world({
      previewSetupStep: async ({ stepId }) => ({
        id: stepId,
        title: stepId,
        state: 'changes',
        changes: [{ what: `do ${stepId}` }],
        pause: null,
        note: null,
      }),
    })
    const handle = await start('dynamicsSetup', { dryRun: true })
    const preview = (await handle.result()) as { steps: { id: string; changes: unknown[] }[] }
    expect(preview.steps.map(({ id }) => id)).toEqual(SETUP_STEPS.map(({ id }) => id))
    expect(preview.steps[0]!.changes).toEqual([{ what: 'do connect' }])
    expect(new Set(world.names())).toEqual(new Set(['planSetup', 'previewSetupStep']))
  })
})
