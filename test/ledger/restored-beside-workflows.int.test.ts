import { afterEach, expect, it, jest } from '@jest/globals'
import { noteRestored } from '../../src/app/ledger-restored.js'
import { QUEUES, workflowIds } from '../../src/contracts/names.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { withDatabase } from '../support/with-database.js'
import { withTemporal } from '../support/with-temporal.js'

jest.setTimeout(provisionTimeoutMs)
const EVIDENCE = { reason: 'The disk was lost', by: 'Kari' }
const database = withDatabase()
const temporal = withTemporal()

/** Starts a workflow that no worker takes up. */
function start(type: string, workflowId: string) {
  return temporal.client.workflow.start(type, { taskQueue: QUEUES.sweep, workflowId, args: [] })
}

/** Resolves when the server lists that many running workflows, which it does a moment after they began or ended. */
async function untilListed(count: number): Promise<void> {
  const running = () => temporal.client.workflow.count(`ExecutionStatus = 'Running'`)
  while ((await running()).count !== count) {
    // The next answer is the wait.
  }
}

function restored() {
  process.env['DATABASE_URL'] = database.url
  process.env['TEMPORAL_ADDRESS'] = temporal.address
  process.env['TEMPORAL_NAMESPACE'] = temporal.namespace
  return noteRestored(EVIDENCE)
}

afterEach(async () => {
  for await (const { workflowId } of temporal.client.workflow.list({
    query: `ExecutionStatus = 'Running'`,
  })) {
    await temporal.client.workflow.getHandle(workflowId).terminate()
  }
  await untilListed(0)
})

it('refuses while a workflow runs that may refer to what was lost, and no longer than that', async () => {
  const handle = await start('sweepRun', workflowIds.sweepRun('acme'))
  await untilListed(1)
  await expect(restored()).rejects.toMatchObject({ code: 'ledger_in_use' })
  await handle.terminate()
  await untilListed(0)
  expect(await restored()).toEqual({ connections: [] })
})

it('is not kept from it by the cron workflow, which holds nothing of the ledger', async () => {
  await start('backgroundSweep', workflowIds.sweep('acme'))
  await untilListed(1)
  expect(await restored()).toEqual({ connections: [] })
})
