import { beforeEach, describe, expect, it, jest } from '@jest/globals'
import type { ErrorDocument } from '../../src/contracts/app-error.js'
import type { DisconnectStatus } from '../../src/contracts/lifecycle-activities.js'
import { QUEUES, workflowIds } from '../../src/contracts/names.js'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { openDatabase } from '../../src/ledger/db/database.js'
import { withDatabase } from '../support/with-database.js'
import { FakeWorld, failure } from '../workflows/support/fake-world.js'
import { documentOf, runLbsync } from './run-lbsync.js'
import { uncertainForm, withSetups } from './setup-fakes.js'
import { settings } from '../support/settings.js'

// Most tests run several commands one after the other, each as a process.
jest.setTimeout(480_000)
const setups = withSetups()
const database = withDatabase()
const STORED = {
  crm: 'dynamics',
  legalBasisSync: true,
  subscriptionSync: true,
  createMissing: 'none',
  newlyMailableLimit: 100,
  sectionName: 'dynamics',
  section: {},
  secrets: {},
}
const { temporal } = setups
const EVIDENCE = ['--reason', 'The customer said so', '--by', 'Kari']
let made = 0
let id: string

const setup = (...args: string[]) =>
  runLbsync(['setup', ...args], {
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
  })
const handle = () => temporal.client.workflow.getHandle(workflowIds.disconnect(id))

/** A removal whose step for the tables is refused, so that it waits for a person. */
async function removalThatWaits(): Promise<void> {
  await temporal.client.workflow.start('disconnect', {
    workflowId: workflowIds.disconnect(id),
    taskQueue: QUEUES.setup,
    args: [{ connectionId: id, removeInstalled: true, reason: 'The customer leaves', by: 'Kari' }],
  })
  while ((await handle().query<DisconnectStatus>('status')).phase !== 'paused') {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

beforeEach(async () => {
  id = `leaving-${++made}`
  setups.world = new FakeWorld({
    ...uncertainForm(),
    undoSetupStep: ({ stepId }) =>
      stepId === 'tables'
        ? Promise.reject(failure('crm_privilege_missing', { retryable: false }))
        : Promise.resolve(null),
  })
  // Set-up also waited, and was ended by the removal.
  await setups.paused(id)
  await temporal.client.workflow.getHandle(workflowIds.setup(id)).terminate('disconnected')
  await removalThatWaits()
})

describe('a removal that waits for a person', () => {
  it('is shown by setup status, with commands for each choice', async () => {
    const { stdout } = await setup('status', id)
    const [title, bar] = stdout.split('\n')
    expect(title).toBe(`Removal of the installation of ${id}: waits for a person`)
    expect(bar).toMatch(/\] \d+ %$/)
    expect(stdout).toContain('Waits (privilegeMissing): Failed for the test')
    expect(stdout).toContain('It is tried again by itself every hour')
    for (const action of ['retry', 'skip', 'abort']) {
      const line = `lbsync setup override ${id} --step remove-tables --action ${action} `
      expect(stdout).toContain(line)
    }
    const document = documentOf<DisconnectStatus>(await setup('status', id, '--json'))
    expect(document).toEqual(await handle().query('status'))
  })

  it('is decided by setup override', async () => {
    const step = ['--step', 'remove-tables', '--action']
    const refused = await setup('override', id, ...step, 'createTab', ...EVIDENCE, '--json')
    expect([refused.exitCode, documentOf<ErrorDocument>(refused).error.code]).toEqual([
      4,
      'override_refused',
    ])
    const skipped = await setup('override', id, ...step, 'skip', ...EVIDENCE, '--json')
    expect(documentOf(skipped)).toMatchObject({
      accepted: true,
      workflowId: `disconnect/${id}`,
      step: 'remove-tables',
      action: 'skip',
    })
    expect(await handle().result()).toMatchObject({ result: 'done' })
    expect(setups.world.inputs('keepStepDecision')).toMatchObject([
      { step: 'remove-tables', action: 'skip', reason: 'The customer said so', by: 'Kari' },
    ])
    expect((await setup('status', id)).stdout).toContain('100 %, the connection is disabled')
  })

  it('takes no decision after its end, cannot be held back, and says so', async () => {
    const step = ['--step', 'remove-tables', '--action']
    await setup('override', id, ...step, 'skip', ...EVIDENCE)
    await handle().result()
    const late = await setup('override', id, ...step, 'skip', ...EVIDENCE, '--json')
    const held = await setup('pause', id, ...EVIDENCE, '--json')
    const told = [late, held].map((ended) => documentOf<ErrorDocument>(ended).error)
    expect(told).toMatchObject([
      {
        code: 'run_not_found',
        message: expect.stringMatching(
          new RegExp(`^The removal of the installation of ${id} has ended, at .*Z\\.$`),
        ),
      },
      {
        code: 'run_not_found',
        message: expect.stringMatching(
          new RegExp(`^The set-up of ${id} has ended \\(terminated\\), at .*Z\\.$`),
        ),
      },
    ])
    expect([late.exitCode, held.exitCode]).toEqual([3, 3])
  })

  it('is over once a set-up was begun after it', async () => {
    await setup('override', id, '--step', 'remove-tables', '--action', 'abort', ...EVIDENCE)
    await handle().result()
    expect((await setup('status', id)).stdout).toMatch(/^Removal .*: aborted\n/)
    await setups.paused(id)
    expect((await setup('status', id)).stdout).toMatch(/^Set-up of .*: waits for a person\n/)
  })

  it('is over where the connection was applied, and its set-up has not begun', async () => {
    await setup('override', id, '--step', 'remove-tables', '--action', 'abort', ...EVIDENCE)
    await handle().result()
    const env = {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      DATABASE_URL: database.url,
    }
    const db = openDatabase(database.url, { maxConnections: 1 })
    await saveConnection(
      db,
      settings({
        connectionId: id,
        accountId: id,
        subscriptionSync: true,
        config: { ...STORED, connectionId: id, accountId: id },
      }),
    ).finally(() => db.close())
    const status = await runLbsync(['setup', 'status', id, '--json'], env)
    expect([status.exitCode, documentOf<ErrorDocument>(status).error]).toMatchObject([
      3,
      {
        code: 'setup_not_running',
        message: `${id} is being set up, and its set-up does not run.`,
        hint: expect.stringContaining('lbsync connection apply'),
      },
    ])
    const shown = (...args: string[]) => runLbsync(['connection', 'show', id, ...args], env)
    expect((await shown()).stdout).toContain('set-up does not run: apply its file again')
    await setups.paused(id)
    expect(documentOf(await shown('--json'))).toMatchObject({ setUpRuns: true })
    const again = await runLbsync(['setup', 'status', id], env)
    expect(again.stdout).toMatch(/^Set-up of .*: waits for a person\n/)
  })
})
