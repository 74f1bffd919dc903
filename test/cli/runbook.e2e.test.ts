import { readFile, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { connectionFiles } from '../../dev/stack/connection-files.js'
import { DEMO_DYNAMICS, startStack, type Stack } from '../../dev/stack/start-stack.js'
import { checkoutRoot } from '../../src/checkout.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { blocksOf, commandsOf } from '../support/documents.js'
import { operatorShell, type OperatorShell } from '../support/operator-shell.js'
import { GOOD_REQUEST } from './files.js'

const MINUTES = 60_000
/** A bare `connection show` is a name, not an instruction. */
const BEGINNINGS = /^(npx lbsync |temporal |curl |SELECT |UPDATE )/

const runbook = await readFile(`${checkoutRoot}docs/runbook.md`, 'utf8')
const instructions = instructionsIn(runbook)

/** A command or a statement of the runbook, and its heading. */
interface Instruction {
  readonly section: string
  readonly text: string
}

/** Lines of blocks headed `sh`, and code in sentences that begins like a command or a statement, in order. */
function instructionsIn(text: string): Instruction[] {
  const found: Instruction[] = []
  let section = ''
  for (const part of text.matchAll(/^## (.*)$|^ *```sh\n([\s\S]*?)^ *```$|`([^`]+)`/gm)) {
    const [, heading, block, code] = part
    section = heading ?? section
    const lines = block?.trim().split('\n') ?? [code?.replaceAll(/\s+/g, ' ') ?? '']
    const commands = lines.map((line) => line.trim().replace(/\s+# .*$/, ''))
    const kept = commands.filter((line) => block || BEGINNINGS.test(line))
    found.push(...kept.map((line) => ({ section, text: line })))
  }
  return found
}

let stack: Stack
let db: Database
let operator: OperatorShell

async function post(url: string, body: unknown, method = 'POST'): Promise<void> {
  const headers = { 'content-type': 'application/json' }
  const init = method === 'DELETE' ? { method } : { method, headers, body: JSON.stringify(body) }
  const answer = await fetch(url, init)
  if (!answer.ok) {
    throw new Error(`${url}: ${answer.status} ${await answer.text()}`)
  }
}

const dynamics = (to: string, body: unknown, method?: string) =>
  post(`${stack.places.dynamics.controlUrl}/${to}`, body, method)
const emarketeer = (to: string, body: unknown) =>
  post(`${stack.places.emarketeer.controlUrl}/accounts/1001/${to}`, body)

async function perform(text: string): Promise<unknown> {
  if (/^(SELECT|UPDATE)/.test(text)) {
    await db.query(text)
    return null
  }
  const { exitCode, ...told } = await operator.run(text)
  return exitCode === 0 ? null : { text, exitCode, ...told }
}

const CONTACT = '97a08813-a1ca-4b14-bf44-4d3a2aae148c'

/** A rep allows somebody whom eMarketeer has withdrawn. Nobody becomes mailable without approval, so it is held. */
async function holdSomebody(): Promise<void> {
  await dynamics('switches', { webhooks: { loseShare: 1 } })
  await dynamics(`rows/contact/${CONTACT}`, { values: { donotbulkemail: false } }, 'PATCH')
  await operator.run('npx lbsync sweep now acme-dynamics')
}

async function waitingPreSend(): Promise<void> {
  const startAt = new Date(Date.now() + 60 * MINUTES).toISOString()
  await writeFile(`${operator.place}/later.json`, JSON.stringify({ ...GOOD_REQUEST, startAt }))
  await operator.run('npx lbsync pre-send later.json')
}

/** A sweep whose CRM does not answer. */
async function sweepThatHangs(): Promise<void> {
  await dynamics('faults', { path: '.*', hang: true })
  await operator.run(
    `temporal workflow start --type sweepRun --task-queue sweep --workflow-id sweep/acme-dynamics/run --input '{"connectionId":"acme-dynamics"}'`,
  )
}

/** The CRM refused us, and the customer has fixed it meanwhile. */
async function refusedAndMended(): Promise<void> {
  const { clientId, secret } = DEMO_DYNAMICS
  await dynamics('switches', { secret: { clientId, secret: 'another' }, revokeTokens: true })
  await stack.restartWorker(false)
  expect((await operator.run('npx lbsync sweep now acme-dynamics')).exitCode).toBe(5)
  await dynamics('switches', { secret: { clientId, secret } })
}

/** The problem that must exist before the remedy runs, by the start of the instruction. */
const MATTERS: readonly (readonly [RegExp, () => Promise<void>])[] = [
  [/^npx lbsync connection resume acme-dynamics --reason "approved/, refusedAndMended],
  [/^temporal workflow cancel --workflow-id sweep/, sweepThatHangs],
  [/^npx lbsync pre-send abort/, waitingPreSend],
  [/^npx lbsync held (approve|reject)/, holdSomebody],
]

/** The end of the problem after the remedy. */
const MENDED: readonly (readonly [RegExp, () => Promise<void>])[] = [
  [/^temporal workflow cancel --workflow-id sweep/, () => dynamics('faults', null, 'DELETE')],
]

async function those(all: typeof MATTERS, text: string): Promise<void> {
  for (const [, act] of all.filter(([begins]) => begins.test(text))) {
    await act()
  }
}

beforeAll(async () => {
  stack = await startStack({ ui: false })
  db = openDatabase(stack.places.databaseUrl, { maxConnections: 1 })
  operator = await operatorShell(stack.env)
  const { place } = operator
  const { dynamics: file } = connectionFiles(stack.places)
  await writeFile(`${place}/acme.json`, JSON.stringify({ ...file, newlyMailableLimit: 0 }))
  await writeFile(`${place}/request.json`, JSON.stringify(GOOD_REQUEST))
  await emarketeer('seed', {
    contacts: [
      { email: 'anna@example.test', marketing: 'legitimateInterest' },
      { email: 'bo@example.test', marketing: 'withdrawn' },
    ].map(({ email, marketing }, index) => ({
      contactId: String(9001 + index),
      email,
      consents: { marketingSendouts: { legalBasis: marketing } },
    })),
  })
  await dynamics('rows/contact/bulk', {
    rows: [
      { emailaddress1: 'anna@example.test', lastname: 'A', donotbulkemail: false },
      { id: CONTACT, emailaddress1: 'bo@example.test', lastname: 'B', donotbulkemail: true },
    ],
  })
  await emarketeer('campaigns', {
    campaignId: '501',
    componentId: '9001',
    channel: 'email',
    categoryId: null,
    transactional: false,
    target: { all: true },
  })
  expect(await perform('npx lbsync connection apply acme.json')).toBeNull()
  // The real npx has found the command.
  await operator.quicken()
}, 15 * MINUTES)

afterAll(async () => {
  await db?.close()
  await stack?.stop()
  await operator?.remove()
}, 15 * MINUTES)

describe('the runbook', () => {
  it('says what to run under most of its headings, and leaves nothing out to be filled in', async () => {
    expect(instructions.length).toBeGreaterThan(35)
    const open = instructions.filter(({ text }) => /…|<\w+>|\.\.\./.test(text))
    expect(open).toEqual([])
    const shown = (await blocksOf('docs/runbook.md', 'sh')).flatMap(commandsOf)
    expect(instructions.map(({ text }) => text)).toEqual(expect.arrayContaining(shown))
  })

  it.each(instructions)(
    '$section: $text',
    async ({ text }) => {
      await those(MATTERS, text)
      expect(await perform(text)).toBeNull()
      await those(MENDED, text)
    },
    15 * MINUTES,
  )
})
