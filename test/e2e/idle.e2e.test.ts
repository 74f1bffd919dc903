import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { setTimeout as wait } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { sweepCron } from '../../src/activities/sweep-cron.js'
import { createControl, type Control } from '../../demo/control.js'
import { EmarketeerAccount } from '../../demo/places/emarketeer-account.js'
import { connectionFiles, type StackConnectionFile } from '../../dev/stack/connection-files.js'
import { startStack, type Stack } from '../../dev/stack/start-stack.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { withFiles } from '../cli/files.js'
import { runLbsync } from '../cli/run-lbsync.js'
import { runStatements } from '../support/broker-database.js'
import { quietTime } from './support/quiet-time.js'

const MINUTES = 60_000
/** How long the stack is observed; `QUIET_SECONDS=60 npm test -- test/e2e/idle` for figures. */
const QUIET_MS = Number(process.env['QUIET_SECONDS'] ?? 20) * 1_000
const PEOPLE = Array.from({ length: 40 }, (_, n) => `person-${n}@example.test`)

const files = withFiles()
let stack: Stack
let connection: Connection
let client: Client
let db: Database

beforeAll(async () => {
  stack = await startStack({
    ui: false,
    superOffice: true,
    dynamics: { keyActivationReads: 0 },
  })
  connection = await Connection.connect({ address: stack.places.temporalAddress })
  client = new Client({ connection })
  await runStatements(stack.places.ownerDatabaseUrl, [
    // Its transactions would be counted.
    'ALTER SYSTEM SET autovacuum = off',
    'SELECT pg_reload_conf()',
  ])
  db = openDatabase(stack.places.databaseUrl, { maxConnections: 1 })
}, 15 * MINUTES)

afterAll(async () => {
  await db?.close()
  await connection?.close()
  await stack?.stop()
}, 15 * MINUTES)

it(
  'a stack at rest is at rest: after set-ups and a hint, nothing runs, asks or computes',
  async () => {
    const { dynamics, online, onsite } = connectionFiles(stack.places)
    const given = [dynamics, online!, onsite!].map(sweptLater)
    const emarketeer = createControl(stack.places.emarketeer.controlUrl)
    const crm = createControl(stack.places.dynamics.controlUrl)
    await emarketeer.send('POST', `accounts/${dynamics.accountId}/seed`, {
      contacts: PEOPLE.map((email, n) => ({
        contactId: String(9001 + n),
        email,
        consents: { marketingSendouts: { legalBasis: n % 2 === 0 ? 'withdrawn' : 'consent' } },
      })),
    })
    await crm.send('POST', 'rows/contact/bulk', {
      rows: PEOPLE.map((emailaddress1) => ({ emailaddress1, donotbulkemail: false })),
    })
    await Promise.all(given.map((file) => apply(file)))
    await new EmarketeerAccount(emarketeer, dynamics.accountId).act(PEOPLE[1]!, {
      kind: 'unsubscribeAll',
    })
    await untilAtRest(crm)

    const quiet = await quietTime(client, db, QUIET_MS)
    process.stderr.write(`quiet for ${QUIET_MS / 1_000} s: ${JSON.stringify(quiet)}\n`)
    expect(quiet.activities).toBe(0)
    // The few transactions of PostgreSQL itself. A loop that polls once a second would make twenty or more.
    expect(quiet.transactions).toBeLessThan(10)
    // All servers together, with a margin for a busy machine; a busy loop takes a full core.
    expect(quiet.cpuSeconds / (QUIET_MS / 1_000)).toBeLessThan(0.2)
  },
  15 * MINUTES + QUIET_MS,
)

/** With an id whose cron does not run within the test. */
function sweptLater(file: StackConnectionFile): StackConnectionFile {
  const now = new Date().getUTCMinutes()
  const ids = Array.from({ length: 30 }, (_, n) => `${file.connectionId}-${'a'.repeat(n)}x`)
  const connectionId = ids.find((id) => {
    const minute = Number.parseInt(sweepCron(id), 10)
    const inMinutes = (minute - now + 60) % 30
    return inMinutes > 20
  })
  return { ...file, connectionId: connectionId! }
}

async function apply(file: StackConnectionFile): Promise<void> {
  const path = await files.write(file)
  const ended = await runLbsync(['connection', 'apply', path, '--json'], stack.env)
  expect([ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([0, ''])
}

/**
 * The unsubscribe has arrived, and all hints since then, also those about our own writes, are handled. Their inboxes
 * have ended, which they do 30 seconds after their last hint. The test measures what does not come to rest.
 */
async function untilAtRest(crm: Control): Promise<void> {
  const contact = `rows/contact?format=ndjson`
  const rows = () => crm.lines<{ emailaddress1: string; donotbulkemail: boolean }>(contact)
  while (!(await rows()).some((row) => row.emailaddress1 === PEOPLE[1] && row.donotbulkemail)) {
    await wait(500)
  }
  const untilMs = Date.now() + 2 * MINUTES
  let restsSinceMs = Date.now()
  let known = ''
  while (Date.now() < untilMs && Date.now() - restsSinceMs < REST_MS) {
    await wait(500)
    const now = await atWork()
    if (now !== known || !now.endsWith(' 0 0')) {
      restsSinceMs = Date.now()
      known = now
    }
  }
}

/**
 * Senders of webhooks and the list of workflows may lag by some seconds, and PostgreSQL counts the transactions of a
 * session that went idle up to 10 s later (`PGSTAT_IDLE_INTERVAL` of its pgstat.c).
 */
const REST_MS = 12_000

/** Hints so far, waiting ones, and running inboxes. */
async function atWork(): Promise<string> {
  const [hints] = await db.query<{ all: number; waiting: number }>(
    `SELECT count(*) AS all, count(*) FILTER (WHERE handled_at IS NULL) AS waiting FROM inbox`,
  )
  const query = `WorkflowType = 'contactInbox' AND ExecutionStatus = 'Running'`
  const { count } = await client.workflow.count(query)
  return `${hints!.all} ${hints!.waiting} ${count}`
}
