import { readFile } from 'node:fs/promises'
import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { exampleOf } from '../../scripts/cli-docs.js'
import type { ErrorDocument } from '../../src/contracts/app-error.js'
import { QUEUES, workflowIds } from '../../src/contracts/names.js'
import type { SetupStatus } from '../../src/contracts/setup.js'
import { checkoutRoot } from '../../src/checkout.js'
import { FakeWorld } from '../workflows/support/fake-world.js'
import { override, statusOf, stepIn, untilStatus } from '../workflows/support/setup-runs.js'
import { documentOf, runLbsync } from './run-lbsync.js'
import { uncertainForm, withSetups } from './setup-fakes.js'
import { shapeFaults } from './shape-faults.js'

// Most tests run several commands one after the other, each as a process.
jest.setTimeout(480_000)
const setups = withSetups()
const { temporal } = setups
const EVIDENCE = ['--reason', 'The customer said so', '--by', 'Kari']
let docs: string
let made = 0
let id: string

const env = () => ({
  TEMPORAL_ADDRESS: temporal.address,
  TEMPORAL_NAMESPACE: temporal.namespace,
})
const setup = (...args: string[]) => runLbsync(['setup', ...args], env())
const handle = () => temporal.client.workflow.getHandle(workflowIds.setup(id))

/** Runs a verb with `--json`, and compares its document with the example of docs/cli.md. */
async function documented<T = Record<string, unknown>>(usage: string, ...args: string[]) {
  const ended = await setup(...args, '--json')
  expect([ended.exitCode, ended.stderr]).toEqual([0, ''])
  const document = documentOf<T>(ended)
  expect(shapeFaults(exampleOf(docs, `setup ${usage}`), document)).toEqual([])
  return document
}

async function errorOf(...args: string[]) {
  const ended = await setup(...args, '--json')
  const { code, message } = documentOf<ErrorDocument>(ended).error
  return { exitCode: ended.exitCode, code, message: message.replaceAll(id, 'ID') }
}

beforeAll(async () => {
  docs = await readFile(`${checkoutRoot}docs/cli.md`, 'utf8')
})

beforeEach(() => {
  id = `acme-${++made}`
  setups.world = new FakeWorld(uncertainForm())
})

describe('setup status', () => {
  it('tells what a paused step waits for, what was seen, and commands for each choice', async () => {
    await setups.paused(id)
    const { exitCode, stdout, stderr } = await setup('status', id)
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(
      stdout
        .replaceAll(id, 'ID')
        .replaceAll(/\d\d:\d\d UTC/g, 'HH:MM UTC')
        .replaceAll(/\b\d+ s\b/g, 'N s'),
    ).toMatchSnapshot()
    // The customer chose the form's name: it must not move the cursor, nor appear in a line to paste.
    expect(stdout).not.toContain('\u001B')
    const pasted = stdout.split('\n').filter((line) => line.includes('--form-id f-2'))
    expect(pasted).toEqual([expect.stringMatching(/^ +lbsync [\w -]+ f-2 --by '…' --reason '…'$/)])
  })

  it('is with --json the answer of the query', async () => {
    await setups.paused(id)
    const status = await documented<SetupStatus>('status <id>', 'status', id, '--once')
    expect(status).toEqual(await statusOf(handle()))
  })

  it('reports one that is running, done, aborted or terminated', async () => {
    await setups.paused(id)
    await handle().signal('override', override('form', 'abort'))
    await handle().result()
    const aborted = await setup('status', id)
    expect(aborted.exitCode).toBe(0)
    expect(aborted.stdout).toMatch(/: aborted\n.*apply the connection again/)
    expect(aborted.stdout).toContain('Aborted by kim: The customer said so')
    expect(aborted.stdout).not.toContain('setup override')
    setups.world = new FakeWorld()
    await setups.start(id)
    await handle().result()
    expect((await setup('status', id)).stdout).toMatch(/: done\n\[█{30}\] 100 %/)
    setups.world = new FakeWorld(uncertainForm())
    await setups.paused(id)
    await handle().terminate('by hand')
    const terminated = await setup('status', id)
    expect(terminated.stdout).toMatch(/: terminated before it was done\n/)
    expect(terminated.stdout).not.toContain('setup override')
  })
})

describe('setup pause and resume', () => {
  it('hold it back and let it go on, and report what came of it', async () => {
    await setups.paused(id)
    const paused = await documented('pause <id>', 'pause', id, ...EVIDENCE)
    expect(paused).toMatchObject({ outcome: 'held back by Kari', heldBy: { by: 'Kari' } })
    expect((await setup('status', id)).stdout).toMatch(
      /Held back by Kari since .* UTC: The customer said so\n {2}lbsync setup resume acme-\d+ /,
    )
    expect(await errorOf('pause', id, ...EVIDENCE)).toMatchObject({
      exitCode: 4,
      code: 'override_refused',
      message: 'It is held back already.',
    })
    const resumed = await documented('resume <id>', 'resume', id, ...EVIDENCE)
    expect(resumed).toMatchObject({ outcome: 'resumed by Kari', heldBy: null })
    // Resuming retried the step.
    await setups.world.called('runSetupStep', 3)
    const status = await statusOf(handle())
    expect(status.messages.map(({ text }) => text)).toEqual([
      'held back by Kari',
      'pause refused: it is held back already',
      'resumed by Kari',
    ])
    expect(setups.world.inputs('keepSetupDecision')).toMatchObject([
      { action: 'pause', reason: 'The customer said so', by: 'Kari' },
      { action: 'resume', reason: 'The customer said so', by: 'Kari' },
      { action: 'retry' },
    ])
  })
})

describe('setup override', () => {
  it('decides a step, by the commands that status shows', async () => {
    await setups.paused(id)
    const commands = async () =>
      (await setup('status', id)).stdout.split('\n').filter((line) => line.includes('override'))
    const useForm = (await commands()).find((line) => line.includes('--form-id f-1'))
    expect(useForm).toContain(`lbsync setup override ${id} --step form --action useForm `)
    const form = ['--step', 'form', '--action', 'useForm', '--form-id', 'f-1']
    const answer = await documented('override <id>', 'override', id, ...form, ...EVIDENCE)
    expect(answer).toMatchObject({ accepted: true, step: 'form', action: 'useForm' })
    await untilStatus(
      handle(),
      (now) => stepIn(now, 'form').pause?.code === 'detailsTabMissing' && now.phase === 'paused',
    )
    expect((await commands()).find((line) => line.includes('useTab'))).toContain(
      "--action useTab --tab tab_1 --form-id f-1 --by '…' --reason '…'",
    )
    const tab = ['--step', 'form', '--action', 'useTab', '--tab', 'tab_1', '--form-id', 'f-1']
    const told = await setup('override', id, ...tab, ...EVIDENCE)
    expect(told.stdout).toBe(`Accepted: useTab for step form. See \`lbsync setup status ${id}\`.\n`)
    expect(await handle().result()).toMatchObject({ result: 'done' })
    const choices = setups.world.inputs('runSetupStep').filter(({ stepId }) => stepId === 'form')
    expect(choices.map(({ choice }) => choice)).toEqual([
      null,
      { action: 'useForm', formId: 'f-1' },
      { action: 'useTab', tab: 'tab_1', formId: 'f-1' },
    ])
    expect(setups.world.inputs('keepSetupDecision')[1]).toMatchObject({
      step: 'form',
      action: 'useTab',
      reason: 'The customer said so',
      by: 'Kari',
    })
  })

  it.each([
    ['a form that is not named', ['form', 'useForm'], 2, 'override_invalid'],
    ['an action that is none', ['form', 'dance'], 2, 'override_invalid'],
    ['a step that there is not', ['mould', 'retry'], 2, 'override_invalid'],
    ['a step that does not wait', ['connect', 'retry'], 4, 'override_refused'],
    ['an action that is no choice there', ['form', 'createTab'], 4, 'override_refused'],
  ])('refuses %s, and changes nothing', async (_what, [step, action], exitCode, code) => {
    await setups.paused(id)
    const before = await statusOf(handle())
    const refused = await errorOf('override', id, '--step', step!, '--action', action!, ...EVIDENCE)
    expect(refused).toMatchObject({ exitCode, code })
    expect(refused.message).toMatchSnapshot()
    expect(await statusOf(handle())).toEqual(before)
  })
})

describe('bad input', () => {
  it.each([
    ['status', []],
    ['pause', EVIDENCE],
    ['resume', EVIDENCE],
    ['override', ['--step', 'form', '--action', 'retry', ...EVIDENCE]],
  ])('%s of a set-up that is not there', async (verb, more) => {
    expect(await errorOf(verb, id, ...more)).toEqual({
      exitCode: 3,
      code: 'run_not_found',
      message: 'The set-up of ID is not running, and Temporal remembers no run of it.',
    })
  })

  it('pause, resume and override of one that has ended', async () => {
    setups.world = new FakeWorld()
    await setups.start(id)
    await handle().result()
    for (const args of [
      ['pause', id, ...EVIDENCE],
      ['resume', id, ...EVIDENCE],
      ['override', id, '--step', 'form', '--action', 'retry', ...EVIDENCE],
    ]) {
      expect(await errorOf(...args)).toEqual({
        exitCode: 3,
        code: 'run_not_found',
        message: expect.stringMatching(/^The set-up of ID has ended, at \d{4}-.*Z\.$/),
      })
    }
  })

  it('abort and reschedule of a pre-send that has ended, or that there is not', async () => {
    const sendoutId = `snd_${id}`
    const steer = async (...args: string[]) => {
      const [verb, ...options] = args
      const command = ['pre-send', verb!, sendoutId, '--stage', 'send', ...options, '--json']
      const ended = await runLbsync(command, env())
      return [ended.exitCode, documentOf<ErrorDocument>(ended).error]
    }
    const what = `The pre-send of sendout ${sendoutId}, stage send,`
    const told = (message: unknown) => [
      3,
      expect.objectContaining({ code: 'run_not_found', path: 'sendoutId', message }),
    ]
    expect(await steer('abort', ...EVIDENCE)).toEqual(
      told(`${what} is not running, and Temporal remembers no run of it.`),
    )
    const request = { connectionId: id, sendoutId, campaignId: '501', componentId: '9001' }
    await temporal.client.workflow.execute('preSend', {
      workflowId: workflowIds.preSend(sendoutId, 'send'),
      taskQueue: QUEUES.setup,
      args: [{ ...request, stage: 'send' }],
    })
    const hasEnded = told(
      expect.stringMatching(new RegExp(`^${what} has ended, at \\d{4}-.*Z\\.$`)),
    )
    expect(await steer('abort', ...EVIDENCE)).toEqual(hasEnded)
    expect(await steer('reschedule', '--start-at', '2099-01-01T00:00:00Z')).toEqual(hasEnded)
  })

  it.each([
    ['no step', ['--action', 'retry', ...EVIDENCE]],
    ['no reason', ['--step', 'form', '--action', 'retry', '--by', 'Kari']],
    ['an empty name', ['--step', 'form', '--action', 'retry', '--by', ' ', '--reason', 'x']],
    [
      'the place holder of a pasted command',
      ['--step', 'form', '--action', 'retry', '--by', 'Kari', '--reason', '…'],
    ],
  ])('override with %s', async (_what, args) => {
    expect(await errorOf('override', id, ...args)).toMatchSnapshot()
  })
})

// Last, because no query is answered from here on.
describe('without a worker', () => {
  it('every verb says so, and sends nothing', async () => {
    await setups.paused(id)
    await setups.stopWorker()
    const before = await handle().fetchHistory()
    const told = await Promise.all([
      errorOf('status', id),
      errorOf('pause', id, ...EVIDENCE),
      errorOf('override', id, '--step', 'form', '--action', 'retry', ...EVIDENCE),
    ])
    expect(told.map(({ exitCode, code }) => [exitCode, code])).toEqual(
      Array.from({ length: 3 }, () => [5, 'worker_unreachable']),
    )
    const after = await handle().fetchHistory()
    expect(after.events?.length).toBe(before.events?.length)
  })

  it('and without a server too', async () => {
    const away = { TEMPORAL_ADDRESS: '127.0.0.1:9' }
    const ended = await runLbsync(['setup', 'status', id, '--json'], away)
    expect([ended.exitCode, documentOf<ErrorDocument>(ended).error.code]).toEqual([
      5,
      'temporal_unreachable',
    ])
  })
})
