import { readFile } from 'node:fs/promises'
import { beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals'
import { exampleOf } from '../../scripts/cli-docs.js'
import type { ErrorDocument } from '../../src/contracts/app-error.js'
import { workflowIds } from '../../src/contracts/names.js'
import type { SetupPreview, StepPreview } from '../../src/contracts/setup.js'
import { checkoutRoot } from '../../src/checkout.js'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { openDatabase } from '../../src/ledger/db/database.js'
import { withDatabase } from '../support/with-database.js'
import { FakeWorld, failure } from '../workflows/support/fake-world.js'
import { documentOf, runLbsync } from './run-lbsync.js'
import { FORM_UNCERTAIN, uncertainForm, withSetups } from './setup-fakes.js'
import { shapeFaults } from './shape-faults.js'

const database = withDatabase()
// Commands are separate processes.
jest.setTimeout(480_000)
const setups = withSetups()
const { temporal } = setups
const id = 'acme-dynamics'

const preview = (...args: string[]) =>
  runLbsync(['setup', 'preview', ...args], {
    DATABASE_URL: database.url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
  })

const DIFF = [
  '--- form as it is',
  '+++ form as it would be',
  '@@ -3,2 +3,3 @@',
  ' <sections>',
  '-<section name="old">',
  '+<section name="em_subscriptions">',
].join('\n')

/** A step of each kind. */
async function stepOf({ stepId }: { readonly stepId: string }): Promise<StepPreview> {
  const step = { id: stepId, title: `The step ${stepId}`, changes: [], pause: null, note: null }
  switch (stepId) {
    case 'connect':
      return { ...step, state: 'nothing', note: 'organisation "Acme"' }
    case 'form':
      return {
        ...step,
        state: 'pauses',
        pause: FORM_UNCERTAIN.state === 'paused' ? FORM_UNCERTAIN.pause : null,
      }
    case 'publish':
      return {
        ...step,
        state: 'changes',
        changes: [{ what: 'Put the section on the form.', diff: DIFF }],
      }
    default:
      return { ...step, state: 'skipped', note: 'not needed' }
  }
}

beforeAll(async () => {
  const db = openDatabase(database.url)
  const stored = { legalBasisSync: true, subscriptionSync: true, createMissing: 'none' as const }
  for (const [connectionId, accountId, crm] of [
    [id, '1001', 'dynamics'],
    ['old-crm', '1002', 'another-crm'],
  ] as const) {
    const limits = { newlyMailableLimit: 100, subscriptionRowsPerDay: 100 }
    await saveConnection(db, { connectionId, accountId, crm, ...stored, ...limits, config: {} })
  }
  await db.close()
})

beforeEach(() => {
  setups.world = new FakeWorld({ ...uncertainForm(), previewSetupStep: stepOf })
})

describe('setup preview', () => {
  it('tells each step: what it would change, with the diff, and where it would wait', async () => {
    const { exitCode, stdout, stderr } = await preview(id)
    expect(exitCode).toBe(0)
    expect(stdout).toMatchSnapshot()
    // Each step is printed when it is checked.
    expect(stderr).toMatch(/100 % {2}Start the background sweep: done/)
    expect(setups.world.inputs('runSetupStep')).toEqual([])
  })

  it('is with --json the preview, and runs beside a set-up that waits', async () => {
    await setups.paused(id)
    const ended = await preview(id, '--json')
    expect(ended.exitCode).toBe(0)
    const document = documentOf<SetupPreview>(ended)
    const docs = await readFile(`${checkoutRoot}docs/cli.md`, 'utf8')
    expect(shapeFaults(exampleOf(docs, 'setup preview <id>'), document)).toEqual([])
    expect(document.steps.map(({ state }) => state)).toEqual([
      'nothing',
      'pauses',
      'changes',
      'skipped',
      'skipped',
    ])
    expect(document.steps[2]?.changes).toEqual([
      { what: 'Put the section on the form.', diff: DIFF },
    ])
    const description = await temporal.client.workflow.getHandle(workflowIds.setup(id)).describe()
    expect(description.status.name).toBe('RUNNING')
    await temporal.client.workflow.getHandle(workflowIds.setup(id)).terminate('test over')
  })

  it('reports a CRM that cannot be reached, and does not wait for it', async () => {
    setups.world = new FakeWorld({
      ...uncertainForm(),
      previewSetupStep: () => Promise.reject(failure('crm_unreachable', { retryable: true })),
    })
    const ended = await preview(id, '--json')
    expect([ended.exitCode, documentOf<ErrorDocument>(ended).error.code]).toEqual([
      5,
      'crm_unreachable',
    ])
    expect(setups.world.inputs('previewSetupStep')).toHaveLength(4)
  }, 480_000)

  it.each([
    ['nobodys', 3, 'connection_not_found'],
    ['old-crm', 4, 'crm_not_supported'],
  ])('refuses %s', async (connectionId, exitCode, code) => {
    const ended = await preview(connectionId, '--json')
    const { error } = documentOf<ErrorDocument>(ended)
    expect([ended.exitCode, error.code, error.value]).toEqual([
      exitCode,
      code,
      code === 'crm_not_supported' ? 'another-crm' : connectionId,
    ])
  })

  it('reports what keeps it from looking', async () => {
    setups.world = new FakeWorld({
      ...uncertainForm(),
      previewSetupStep: async () => {
        throw failure('crm_auth_failed', { retryable: false })
      },
    })
    const ended = await preview(id, '--json')
    expect([ended.exitCode, documentOf<ErrorDocument>(ended).error.code]).toEqual([
      5,
      'crm_auth_failed',
    ])
  })
})
