import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals'
import type { DisconnectStatus } from '../../src/contracts/lifecycle-activities.js'
import { QUEUES, workflowIds } from '../../src/contracts/names.js'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { openDatabase } from '../../src/ledger/db/database.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { blockOf, blocksOf, commandsOf } from '../support/documents.js'
import { operatorShell, type OperatorShell } from '../support/operator-shell.js'
import { statusOf } from '../workflows/support/setup-runs.js'
import { settings } from '../support/settings.js'
import { withDatabase } from '../support/with-database.js'
import { FakeWorld, failure } from '../workflows/support/fake-world.js'
import { uncertainForm, withSetups } from './setup-fakes.js'

const MINUTES = 60_000
const id = 'acme-dynamics'
const setups = withSetups()
const { temporal } = setups
const database = withDatabase()
let operator: OperatorShell

beforeAll(async () => {
  const { address, namespace } = temporal
  operator = await operatorShell({
    TEMPORAL_ADDRESS: address,
    TEMPORAL_NAMESPACE: namespace,
    DATABASE_URL: database.url,
  })
  const db = openDatabase(database.url, { maxConnections: 1 })
  await saveConnection(db, settings({ connectionId: id })).finally(() => db.close())
  await operator.quicken()
}, provisionTimeoutMs)
afterAll(() => operator?.remove())

/** What a page's block answers, command by command; each ends well. */
async function answersOf(block: string): Promise<string[]> {
  const answers: string[] = []
  for (const command of commandsOf(block)) {
    const { exitCode, stdout, stderr } = await operator.run(command)
    expect([command, exitCode, stderr]).toEqual([command, 0, expect.not.stringMatching(/^Error/m)])
    answers.push(stdout)
  }
  return answers
}

beforeEach(() => {
  setups.world = new FakeWorld({
    ...uncertainForm(),
    undoSetupStep: ({ stepId }) =>
      stepId === 'tables'
        ? Promise.reject(failure('crm_privilege_missing', { retryable: false }))
        : Promise.resolve(null),
  })
})

it(
  'steers a set-up that waits for a person as docs/setup.md shows',
  async () => {
    await setups.paused(id)
    const [block, ...others] = await blocksOf('docs/setup.md', 'sh')
    expect(others).toEqual([])
    const [preview, status, override, pause, resume] = await answersOf(block!)
    expect(preview).toContain('Nothing was changed now')
    expect(status).toContain('waits for a person')
    expect(override).toContain('Accepted: useForm for step form')
    expect(pause).toContain('held back by Kari')
    expect(resume).toContain('resumed by Kari')
    const handle = temporal.client.workflow.getHandle(workflowIds.setup(id))
    expect((await statusOf(handle)).heldBy).toBeNull()
    await handle.terminate('the next test')
  },
  5 * MINUTES,
)

it.each(['npx lbsync setup status', 'temporal workflow update'])(
  'decides a removal that waits for a person as docs/life-of-a-connection.md shows: %s',
  async (begins) => {
    const workflowId = workflowIds.disconnect(id)
    const handle = await temporal.client.workflow.start('disconnect', {
      workflowId,
      taskQueue: QUEUES.setup,
      args: [{ connectionId: id, removeInstalled: true, reason: 'r', by: 'Kari' }],
    })
    while ((await handle.query<DisconnectStatus>('status')).phase !== 'paused') {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const shown = await blocksOf('docs/life-of-a-connection.md', 'sh')
    expect(shown).toHaveLength(2)
    await answersOf(await blockOf('docs/life-of-a-connection.md', 'sh', begins))
    expect(await handle.result()).toMatchObject({ result: 'done' })
    expect(setups.world.inputs('keepStepDecision')).toMatchObject([
      { step: 'remove-tables', action: 'skip', by: 'Kari' },
    ])
  },
  5 * MINUTES,
)
