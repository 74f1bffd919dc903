import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { connectionFiles } from '../../dev/stack/connection-files.js'
import { DEMO_DYNAMICS, startStack, type Stack } from '../../dev/stack/start-stack.js'
import { checkoutRoot } from '../../src/checkout.js'
import { temporalCli } from '../../dev/embedded/temporal-programs.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { GOOD_REQUEST } from './files.js'

const MINUTES = 60_000
/** A bare `connection show` is a name, not an instruction. */
const BEGINNINGS = /^(npx lbsync |temporal |curl |SELECT |UPDATE )/

/** Replaces npx for an installed command, without the second that npx takes to start. */
const QUICK_NPX = `#!/bin/sh
name=$1
shift
exec node_modules/.bin/"$name" "$@"
`

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
let place: string
let path: string

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

/**
 * Runs it in an operator's environment: a directory with the files that the runbook names, and our commands installed.
 */
function shell(command: string): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const env = { ...stack.env, PATH: path, HOME: process.env['HOME'] }
  return new Promise((resolve) => {
    execFile('/bin/sh', ['-c', command], { cwd: place, env }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : Number(error.code ?? 1)
      resolve({ exitCode, stdout, stderr })
    })
  })
}

async function perform(text: string): Promise<unknown> {
  if (/^(SELECT|UPDATE)/.test(text)) {
    await db.query(text)
    return null
  }
  const { exitCode, ...told } = await shell(text)
  return exitCode === 0 ? null : { text, exitCode, ...told }
}

const CONTACT = '97a08813-a1ca-4b14-bf44-4d3a2aae148c'

/** A rep allows somebody whom eMarketeer has withdrawn. Nobody becomes mailable without approval, so it is held. */
async function holdSomebody(): Promise<void> {
  await dynamics('switches', { webhooks: { loseShare: 1 } })
  await dynamics(`rows/contact/${CONTACT}`, { values: { donotbulkemail: false } }, 'PATCH')
  await shell('npx lbsync sweep now acme-dynamics')
}

async function waitingPreSend(): Promise<void> {
  const startAt = new Date(Date.now() + 60 * MINUTES).toISOString()
  await writeFile(`${place}/later.json`, JSON.stringify({ ...GOOD_REQUEST, startAt }))
  await shell('npx lbsync pre-send later.json')
}

/** A sweep whose CRM does not answer. */
async function sweepThatHangs(): Promise<void> {
  await dynamics('faults', { path: '.*', hang: true })
  await shell(
    `temporal workflow start --type sweepRun --task-queue sweep --workflow-id sweep/acme-dynamics/run --input '{"connectionId":"acme-dynamics"}'`,
  )
}

/** The CRM refused us, and the customer has fixed it meanwhile. */
async function refusedAndMended(): Promise<void> {
  const { clientId, secret } = DEMO_DYNAMICS
  await dynamics('switches', { secret: { clientId, secret: 'another' }, revokeTokens: true })
  await stack.restartWorker(false)
  expect((await shell('npx lbsync sweep now acme-dynamics')).exitCode).toBe(5)
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
  place = await mkdtemp(`${tmpdir()}/lbsync-runbook-`)
  await mkdir(`${place}/node_modules/.bin`, { recursive: true })
  await symlink(`${checkoutRoot}bin/lbsync.mjs`, `${place}/node_modules/.bin/lbsync`)
  await writeFile(`${place}/package.json`, '{"private":true}')
  const { dynamics: file } = connectionFiles(stack.places)
  await writeFile(`${place}/acme.json`, JSON.stringify({ ...file, newlyMailableLimit: 0 }))
  await writeFile(`${place}/request.json`, JSON.stringify(GOOD_REQUEST))
  path = `${dirname(await temporalCli())}:${process.env['PATH']}`
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
  await mkdir(`${place}/quick`)
  await writeFile(`${place}/quick/npx`, QUICK_NPX, { mode: 0o755 })
  path = `${place}/quick:${path}`
}, 15 * MINUTES)

afterAll(async () => {
  await db?.close()
  await stack?.stop()
  await rm(place, { recursive: true, force: true })
}, 15 * MINUTES)

describe('the runbook', () => {
  it('says what to run under most of its headings, and leaves nothing out to be filled in', () => {
    expect(instructions.length).toBeGreaterThan(35)
    const open = instructions.filter(({ text }) => /…|<\w+>|\.\.\./.test(text))
    expect(open).toEqual([])
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
