import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { Client, Connection } from '@temporalio/client'
import type { SetupStatus } from '../../src/contracts/setup.js'
import { DEMO_DYNAMICS, startStack, type Stack } from '../../dev/stack/start-stack.js'
import { startProgram, type RunningProgram } from '../../dev/embedded/start-program.js'
import { GOOD_CONNECTION, withFiles } from '../cli/files.js'
import { documentOf, runLbsync } from '../cli/run-lbsync.js'

const MINUTES = 60_000
interface Call {
  readonly method: string
  readonly path: string
  /** This many are let through first. */
  readonly skip?: number
}

/**
 * A call to Dynamics that each step makes. It is executed, its answer is lost, and the worker is killed meanwhile. The
 * sweep's step does not call Dynamics.
 */
const CALL_OF: Readonly<Record<string, Call>> = {
  // The first one is the command's own, which checks before it stores.
  connect: { method: 'GET', path: 'WhoAmI', skip: 1 },
  privileges: { method: 'GET', path: 'RetrieveUserPrivileges' },
  publisher: { method: 'POST', path: '/publishers' },
  tables: { method: 'POST', path: '/EntityDefinitions$' },
  keys: { method: 'POST', path: '/Keys$' },
  relationships: { method: 'POST', path: '/RelationshipDefinitions' },
  tablePrivileges: { method: 'GET', path: 'RetrieveUserPrivileges' },
  changeTracking: { method: 'GET', path: '/EntityDefinitions' },
  view: { method: 'POST', path: '/savedqueries' },
  form: { method: 'PATCH', path: '/systemforms' },
  publish: { method: 'POST', path: '/PublishXml' },
  webhooks: { method: 'POST', path: '/serviceendpoints' },
  categories: { method: 'POST|PATCH', path: 'em_subscriptioncategories|batch' },
  firstSync: { method: 'GET', path: '/contacts' },
}

/**
 * The steps at which the worker is killed. Noticing it takes ten seconds per step, so a usual run does not kill at all
 * of them. All: `KILL_AT=all npm test -- test/e2e/setup-killed`.
 */
const KILL_AT = process.env['KILL_AT'] ?? 'tables,form,publish,webhooks,firstSync'
const KILLED_STEPS = Object.keys(CALL_OF).filter(
  (step) => KILL_AT === 'all' || KILL_AT.split(',').includes(step),
)

/** People in both systems: in agreement, denied on either side, and only in one. */
const PEOPLE = [
  { email: 'anna@example.test', basis: 'legitimateInterest', deny: false },
  { email: 'bo@example.test', basis: 'withdrawn', deny: false },
  { email: 'cleo@example.test', basis: 'consent', deny: true },
]

const OPTIONS = { allowAnyWebhookPort: true }

const files = withFiles()
let stack: Stack
let other: RunningProgram<{ url: string; controlUrl: string }>
let connection: Connection

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
}, 15 * MINUTES)

afterAll(async () => {
  await connection?.close()
  await other?.stop()
  await stack?.stop()
}, 15 * MINUTES)

it(
  `set-up whose worker is killed at ${KILL_AT} ends as one that was left alone`,
  async () => {
    await apply('left-alone', '1001', stack.places.dynamics.url)
    await hangAt(KILLED_STEPS[0]!)
    await apply('killed', '1002', other.ready.url, '--no-wait')
    for (const [index, step] of KILLED_STEPS.entries()) {
      await untilHanging(step)
      const next = KILLED_STEPS[index + 1]
      await post(`${other.ready.controlUrl}/faults`, null, 'DELETE')
      if (next !== undefined) {
        await hangAt(next)
      }
      await stack.restartWorker(true)
    }
    expect(await resultOf('setup/killed')).toMatchObject({ result: 'done' })
    expect(await endState(other.ready.controlUrl)).toEqual(
      await endState(stack.places.dynamics.controlUrl),
    )
  },
  30 * MINUTES,
)

/** The step's call is executed, and its answer is lost. */
function hangAt(step: string): Promise<void> {
  const rule = { ...CALL_OF[step], hang: true, execute: true, times: 1 }
  return post(`${other.ready.controlUrl}/faults`, rule)
}

/** Waits until the step has made its call and waits for the answer. */
async function untilHanging(step: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${other.ready.controlUrl}/faults`)
    const text = await answer.text()
    if (/"hits":\s*1/.test(text)) {
      return
    }
    const status = await new Client({ connection }).workflow
      .getHandle('setup/killed')
      .query<SetupStatus>('status')
      .catch(() => null)
    if (status?.result === 'done') {
      throw new Error(`set-up ended without the call of step ${step}: ${text}`)
    }
    await wait(100)
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
  // Values of each organisation: the secret part of an address, the connection's id, and ids of contacts.
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

async function post(url: string, body: unknown, method = 'POST'): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, {
    method,
    ...(body === null ? {} : { headers, body: JSON.stringify(body) }),
  })
  if (!answer.ok) {
    throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  }
}
