import { expect, it } from '@jest/globals'
import { QUEUES, workflowIds } from '../../src/contracts/names.js'
import type { DisconnectStatus } from '../../src/contracts/lifecycle-activities.js'
import { FakeWorld, failure } from './support/fake-world.js'
import { override } from './support/setup-runs.js'
import { withShortHistories } from './support/with-short-histories.js'

const disconnects = withShortHistories()
const id = 'acme-dynamics'
const words = { reason: 'The customer leaves', by: 'Kari' }
const handle = () => disconnects.client.workflow.getHandle(workflowIds.disconnect(id))
const status = () => handle().query<DisconnectStatus>('status')
const runId = async () => (await handle().describe()).runId

async function start(changes: object) {
  await disconnects.client.workflow.start('disconnect', {
    workflowId: workflowIds.disconnect(id),
    taskQueue: QUEUES.setup,
    args: [{ connectionId: id, removeInstalled: true, ...words, ...changes }],
  })
}

async function until(fits: () => Promise<boolean>) {
  while (!(await fits())) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

it('a disconnect that waits for long goes on in a new run that waits where the old one did', async () => {
  disconnects.world = new FakeWorld({
    undoSetupStep: ({ stepId, choice }) =>
      stepId === 'tables' && choice === null
        ? Promise.reject(failure('crm_auth_failed', { retryable: false }))
        : Promise.resolve(null),
  })
  await start({})
  await until(async () => (await status()).phase === 'paused')
  const before = await status()
  const first = await runId()
  // Each makes the history longer and changes nothing.
  const refused = override('save', 'retry')
  await until(async () => {
    await Promise.all(Array.from({ length: 10 }, () => handle().signal('override', refused)))
    return (await runId()) !== first
  })
  const after = await status()
  expect({ ...after, messages: [] }).toEqual({ ...before, messages: [] })
  // A signal has no answer; the refusal is in the messages.
  expect(after.messages.at(-1)!.text).toMatch(/^override refused: /)
  expect((await handle().describe()).searchAttributes['Phase']).toEqual(['paused'])
  // Refused credentials are not retried without a person, because a retry may lock the user.
  const tries = () =>
    disconnects.world.inputs('undoSetupStep').filter(({ stepId }) => stepId === 'tables')
  expect(tries()).toHaveLength(1)
  expect(disconnects.world.inputs('planDisconnect')).toHaveLength(1)
  await handle().executeUpdate('override', { args: [override('remove-tables', 'retry')] })
  expect(await handle().result()).toMatchObject({ result: 'done', percent: 100 })
  expect(tries()).toHaveLength(2)
}, 120_000)

it('what one run hands to the next cannot be made up', async () => {
  await start({ carried: { plan: null, board: [], messages: [], choice: null } })
  await expect(handle().result()).rejects.toMatchObject({
    cause: { type: 'value_invalid', message: expect.stringContaining('carried') },
  })
}, 60_000)
