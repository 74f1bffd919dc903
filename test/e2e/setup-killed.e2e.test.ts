import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { Client, Connection, type WorkflowHandle } from '@temporalio/client'
import type { SetupStatus } from '../../src/contracts/setup.js'
import { DEMO_DYNAMICS, startStack, type Stack } from '../../src/cli/stack/start-stack.js'
import { startProgram, type RunningProgram } from '../../src/embedded/start-program.js'
import { GOOD_CONNECTION, withFiles } from '../cli/files.js'
import { documentOf, runLbsync } from '../cli/run-lbsync.js'

const MINUTES = 60_000
/** Each call takes this long, so that every step can be caught at work. */
const LATENCY_MS = 150

const files = withFiles()
let stack: Stack
let other: RunningProgram<{ url: string; controlUrl: string }>
let connection: Connection

/**
 * Where the worker is killed: noticing it takes ten seconds a step, so not everywhere on every run. All of them:
 * `KILL_AT=all npm test -- test/e2e/setup-killed`.
 */
const KILL_AT = process.env['KILL_AT'] ?? 'tables,form,publish,webhooks,firstSync'

/** People in both systems: agreed, denied on either side, and only in one. */
const PEOPLE = [
  { email: 'anna@example.test', basis: 'legitimateInterest', deny: false },
  { email: 'bo@example.test', basis: 'withdrawn', deny: false },
  { email: 'cleo@example.test', basis: 'consent', deny: true },
]

const OPTIONS = { allowAnyWebhookPort: true, latencyMs: LATENCY_MS }

beforeAll(async () => {
  stack = await startStack({
    ui: false,
    dynamics: OPTIONS,
    emarketeer: {
      accounts: ['1001', '1002'].map((accountId) => ({
        accountId,
        name: `Account ${accountId}`,
        publicApiKey: `public-${accountId}`,
        categories: [
          { id: 'c1', name: 'Newsletters' },
          { id: 'c2', name: 'Event invitations' },
        ],
      })),
    },
  })
  other = await startProgram({
    entry: 'simulators/dynamics/main.ts',
    args: ['--port', '0', '--options', JSON.stringify(OPTIONS)],
  })
  connection = await Connection.connect({ address: stack.places.temporalAddress })
  for (const accountId of ['1001', '1002']) {
    await post(`${stack.places.emarketeer.controlUrl}/accounts/${accountId}/seed`, {
      contacts: PEOPLE.map(({ email, basis }, index) => ({
        contactId: String(9001 + index),
        email,
        consents: { marketingSendouts: { legalBasis: basis } },
      })),
    })
  }
  for (const { controlUrl } of [stack.places.dynamics, other.ready]) {
    await post(`${controlUrl}/rows/contact/bulk`, {
      rows: PEOPLE.map(({ email, deny }, index) => ({
        contactid: `97a08813-a1ca-4b14-bf44-4d3a2aae148${index}`,
        emailaddress1: email,
        donotbulkemail: deny,
      })),
    })
  }
}, 3 * MINUTES)

afterAll(async () => {
  await connection?.close()
  await other?.stop()
  await stack?.stop()
}, MINUTES)

it(
  `set-up whose worker is killed at ${KILL_AT} ends as one that was left alone`,
  async () => {
    await apply('left-alone', '1001', stack.places.dynamics.url)
    await apply('killed', '1002', other.ready.url, '--no-wait')
    const handle = new Client({ connection }).workflow.getHandle('setup/killed')
    const killedAt = await killAtSteps(handle)
    expect((await handle.result()) as SetupStatus).toMatchObject({ result: 'done' })
    const alone = (await resultOf('setup/left-alone')).steps.map(({ id }) => id)
    expect(killedAt).toEqual(alone.filter(mayKillAt))
    expect(await endState(other.ready.controlUrl)).toEqual(
      await endState(stack.places.dynamics.controlUrl),
    )
  },
  12 * MINUTES,
)

function mayKillAt(step: string): boolean {
  return KILL_AT === 'all' || KILL_AT.split(',').includes(step)
}

/** Kills the worker by SIGKILL as soon as each of the steps is at work. @returns the steps. */
async function killAtSteps(handle: WorkflowHandle): Promise<string[]> {
  const killedAt: string[] = []
  for (;;) {
    const status = await handle.query<SetupStatus>('status').catch(() => null)
    const running = status?.steps.find(({ state }) => state === 'running')
    if (running && mayKillAt(running.id) && !killedAt.includes(running.id)) {
      killedAt.push(running.id)
      await stack.restartWorker(true)
    } else if (status !== null && status.result !== null) {
      return killedAt
    }
    await wait(5)
  }
}

async function resultOf(workflowId: string): Promise<SetupStatus> {
  return (await new Client({ connection }).workflow.getHandle(workflowId).result()) as SetupStatus
}

async function apply(connectionId: string, accountId: string, url: string, ...more: string[]) {
  const file = await files.write({
    ...GOOD_CONNECTION,
    connectionId,
    accountId,
    subscriptionSync: true,
    dynamics: {
      environmentUrl: url,
      authorityHost: url,
      tenantId: DEMO_DYNAMICS.tenantId,
      clientId: DEMO_DYNAMICS.clientId,
      clientSecret: { env: 'ACME_SECRET' },
    },
  })
  const ended = await runLbsync(['connection', 'apply', file, '--json', ...more], stack.env)
  expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, ''])
  return documentOf(ended)
}

/** Everything that set-up leaves in Dynamics: definitions, form, view, steps, and the people's values. */
async function endState(controlUrl: string) {
  const answer = await fetch(`${controlUrl}/installation`)
  // Each organisation's own: the secret part of an address, the connection's id, and ids of contacts.
  const text = (await answer.text())
    .replaceAll(/(hooks\/crm\/)[\w-]+/g, '$1…')
    .replaceAll(/\((left-alone|killed)\)/g, '(…)')
  const contacts = await rows(controlUrl, 'contact')
  const emails = new Map(contacts.map((row) => [row['contactid'], row['emailaddress1']]))
  const subscriptions = await rows(controlUrl, 'em_subscriptions')
  return {
    installation: JSON.parse(text) as unknown,
    toggles: contacts.map((row) => [row['emailaddress1'], row['donotbulkemail']]).sort(),
    subscriptions: subscriptions
      .map((row) => {
        const [contactId, categoryId] = String(row['em_rowkey']).split('_')
        return [emails.get(contactId), categoryId, row['em_subscribed']]
      })
      .sort(),
  }
}

async function rows(controlUrl: string, table: string): Promise<Record<string, unknown>[]> {
  const answer = await fetch(`${controlUrl}/rows/${table}?format=ndjson`)
  const lines = (await answer.text()).split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

async function post(url: string, body: unknown): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!answer.ok) {
    throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  }
}
