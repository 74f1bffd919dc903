import { beforeEach, describe, expect, it } from '@jest/globals'
import { QUEUES, workflowIds } from '../../src/contracts/names.js'
import type { SetupStatus } from '../../src/contracts/setup.js'
import { FakeWorld } from './support/fake-world.js'
import { override, statusOf, stepIn, untilStatus } from './support/setup-runs.js'
import { setupThatAsks } from './support/setup-that-asks.js'
import { SUGGESTED_FROM, withShortHistories } from './support/with-short-histories.js'

const AT_ONCE = 10

const setups = withShortHistories()
const hold = { reason: 'Something is wrong', by: 'kim' }
const useForm = override('form', 'useForm', { formId: 'f-1' })
const useTab = override('form', 'useTab', { tab: 't' })
let started = 0
let id: string

const handle = () => setups.client.workflow.getHandle(workflowIds.setup(id))
const isHeld = ({ heldBy }: SetupStatus) => heldBy !== null
const waitsFor = (code: string) => (status: SetupStatus) =>
  stepIn(status, 'form')?.pause?.code === code

beforeEach(async () => {
  id = `acme-${++started}`
  setups.world = new FakeWorld(setupThatAsks())
  await setups.client.workflow.start('dynamicsSetup', {
    workflowId: workflowIds.setup(id),
    taskQueue: QUEUES.setup,
    args: [{ connectionId: id }],
  })
  await untilStatus(handle(), waitsFor('formUncertain'))
})

/** Invalid overrides: each makes the history longer and has no other effect. */
async function refusedOnes(count = AT_ONCE): Promise<void> {
  const refused = override('connect', 'retry')
  await Promise.all(Array.from({ length: count }, () => handle().signal('override', refused)))
}

async function run(): Promise<{ readonly runId: string; readonly events: number }> {
  const { runId, raw } = await handle().describe()
  return { runId, events: Number(raw.workflowExecutionInfo?.historyLength) }
}

/** Sends more of them until a new run has begun. */
async function untilNewRun(first: string): Promise<void> {
  while ((await run()).runId === first) {
    await refusedOnes()
    // Handled before the next one, because a run that receives signals without a pause cannot end.
    await statusOf(handle())
  }
}

/** The status without the results of messages. */
function apart({ messages: _messages, ...rest }: SetupStatus) {
  return rest
}

/** The choices that the form's step received, one per try. */
function choices() {
  const tries = setups.world.inputs('runSetupStep').filter(({ stepId }) => stepId === 'form')
  return tries.map(({ choice }) => choice)
}

const BOTH = { action: 'useTab', formId: 'f-1', tab: 't' }

describe('a set-up whose history gets long while it waits', () => {
  it('goes on in a new run that waits where the old one did, and takes messages', async () => {
    await handle().executeUpdate('override', { args: [useForm] })
    await untilStatus(handle(), waitsFor('detailsTabMissing'))
    await handle().signal('pause', hold)
    const before = await untilStatus(handle(), isHeld)
    await untilNewRun((await run()).runId)
    expect(apart(await statusOf(handle()))).toEqual(apart(before))
    expect((await handle().describe()).searchAttributes['Phase']).toEqual(['paused'])
    // Early, because set-up is held back; it is carried out after the release, however long that takes.
    await handle().signal('override', useTab)
    await setups.world.called('keepSetupDecision', 3)
    await refusedOnes(SUGGESTED_FROM)
    expect(await statusOf(handle())).toMatchObject({ phase: 'paused', heldBy: hold })
    expect(choices()).toHaveLength(2)
    await handle().signal('resume', hold)
    expect(await handle().result()).toMatchObject({ phase: 'done', result: 'done' })
    expect(choices().at(-1)).toEqual(BOTH)
  })

  it('loses no decision that comes while a new run begins', async () => {
    const { runId } = await run()
    while ((await run()).events < SUGGESTED_FROM - 4 * AT_ONCE) {
      await refusedOnes(AT_ONCE / 2)
    }
    // While these are handled, the history reaches its limit.
    const decided = handle().signal('override', useForm)
    await Promise.all([refusedOnes(4 * AT_ONCE), decided, refusedOnes(4 * AT_ONCE)])
    await untilNewRun(runId)
    await untilStatus(handle(), waitsFor('detailsTabMissing'))
    expect(setups.world.inputs('keepSetupDecision')).toMatchObject([{ action: 'useForm' }])
    await handle().executeUpdate('override', { args: [useTab] })
    expect(await handle().result()).toMatchObject({ phase: 'done', result: 'done' })
    expect(choices().at(-1)).toEqual(BOTH)
  })

  it('begins new runs while it only looks again and again by itself', async () => {
    const { runId } = await run()
    // A retry does what a check without a person does, without the hour in between.
    while ((await run()).runId === runId) {
      const { attempts } = stepIn(await statusOf(handle()), 'form')
      await handle().executeUpdate('override', { args: [override('form', 'retry')] })
      await untilStatus(handle(), (status) => {
        const form = stepIn(status, 'form')
        return form.state === 'paused' && form.attempts > attempts
      })
      await setups.world.called('runSetupStep', attempts)
    }
    expect(await statusOf(handle())).toMatchObject({ phase: 'paused' })
    await handle().executeUpdate('override', { args: [useForm] })
    await untilStatus(handle(), waitsFor('detailsTabMissing'))
  })
})
