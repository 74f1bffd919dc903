import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { exampleOf } from '../../scripts/cli-docs.js'
import { DEMO_DYNAMICS, startStack, type Stack } from '../../dev/stack/start-stack.js'
import { checkoutRoot } from '../../src/checkout.js'
import { blockOf, blocksOf } from '../support/documents.js'
import { startProcess } from '../support/start-process.js'
import { GOOD_CONNECTION, GOOD_REQUEST, withFiles } from './files.js'
import { documentOf, runLbsync } from './run-lbsync.js'
import { shapeFaults } from './shape-faults.js'

const MINUTES = 60_000
const files = withFiles()
let stack: Stack
let docs: string
let contactId: string

/** Posts to a control API. */
async function post<T>(url: string, body: unknown, method = 'POST'): Promise<T> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(url, { method, headers, body: JSON.stringify(body) })
  const text = await answer.text()
  if (!answer.ok) {
    throw new Error(`${url}: ${answer.status} ${text}`)
  }
  return (text === '' ? null : JSON.parse(text)) as T
}

const emarketeer = (path: string, body: unknown) =>
  post(`${stack.places.emarketeer.controlUrl}/accounts/1001/${path}`, body)
const dynamics = <T>(path: string, body: unknown, method?: string) =>
  post<T>(`${stack.places.dynamics.controlUrl}/${path}`, body, method)

/** Runs a command, and compares its document with the example of docs/cli.md. */
async function documented<T = Record<string, unknown>>(
  usage: string,
  args: readonly string[],
  exitCode = 0,
  env: Readonly<Record<string, string>> = stack.env,
): Promise<T> {
  const ended = await runLbsync([...args, '--json'], env)
  const document = documentOf<T>(ended)
  expect([ended.exitCode, ended.exitCode === exitCode ? null : ended]).toEqual([exitCode, null])
  expect(shapeFaults(exampleOf(docs, usage), document)).toEqual([])
  return document
}

beforeAll(async () => {
  docs = await readFile(`${checkoutRoot}docs/cli.md`, 'utf8')
  stack = await startStack({ ui: false })
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
  contactId = '97a08813-a1ca-4b14-bf44-4d3a2aae148c'
  await dynamics('rows/contact/bulk', {
    rows: [
      { emailaddress1: 'anna@example.test', lastname: 'A', donotbulkemail: false },
      { id: contactId, emailaddress1: 'bo@example.test', lastname: 'B', donotbulkemail: false },
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
}, 15 * MINUTES)

afterAll(() => stack?.stop(), 5 * MINUTES)

/** A rep allows again without a webhook, so that the sweep finds it. */
async function allowInCrm() {
  await dynamics('switches', { webhooks: { loseShare: 1 } })
  await dynamics(`rows/contact/${contactId}`, { values: { donotbulkemail: false } }, 'PATCH')
}

describe('documents of a complete stack', () => {
  it(
    'are those of docs/cli.md: connections',
    async () => {
      const { url } = stack.places.dynamics
      const { tenantId, clientId } = DEMO_DYNAMICS
      const file = await files.write({
        ...GOOD_CONNECTION,
        subscriptionSync: true,
        newlyMailableLimit: 0,
        dynamics: {
          ...GOOD_CONNECTION.dynamics,
          tenantId,
          clientId,
          environmentUrl: url,
          authorityHost: url,
        },
      })
      const applied = await documented('connection apply <file>', ['connection', 'apply', file])
      expect(applied).toMatchObject({ state: 'active', joined: false })
      const previewed = await documented('setup preview <id>', [
        'setup',
        'preview',
        'acme-dynamics',
      ])
      expect(previewed).toMatchObject({ crm: 'dynamics' })
      const status = await documented('setup status <id>', ['setup', 'status', 'acme-dynamics'])
      expect(status).toMatchObject({ result: 'done', percent: 100 })
      await documented('connection list', ['connection', 'list'])
      const shown = await documented('connection show <id>', [
        'connection',
        'show',
        'acme-dynamics',
      ])
      expect(shown).toMatchObject({ counts: { linked: 2 } })
      const owner = { DATABASE_URL: stack.places.ownerDatabaseUrl }
      expect(await documented('migrate', ['migrate'], 0, owner)).toMatchObject({ applied: [] })
    },
    15 * MINUTES,
  )

  it(
    'are those of docs/cli.md: syncing, why and held',
    async () => {
      await documented('resync <id>', [
        'resync',
        'acme-dynamics',
        '--contact',
        'anna@example.test',
        '--dry-run',
      ])
      const why = await documented<{ events: { line: string }[]; gate: { reason: string } }>(
        'why <id>',
        ['why', 'acme-dynamics', '--email', 'bo@example.test'],
      )
      expect([why.events.map(({ line }) => line), why.gate.reason]).toEqual([
        ['T3'],
        'consentWithdrawn',
      ])
      for (const decision of ['reject', 'approve']) {
        await allowInCrm()
        const swept = await documented('sweep now <id>', ['sweep', 'now', 'acme-dynamics'])
        expect(swept).toMatchObject({ report: { held: 1 } })
        const list = await documented('held list <id>', ['held', 'list', 'acme-dynamics'])
        expect(list).toMatchObject({ held: [{ address: 'bo@example.test', line: 'T3' }] })
        const verdict = ['--reason', 'asked the customer', '--by', 'Kari']
        const decided = await documented(`held ${decision} <id>`, [
          'held',
          decision,
          'acme-dynamics',
          ...verdict,
        ])
        expect(decided).toMatchObject({
          cells: 1,
          report: {
            writes: decision === 'reject' ? { crm: 1, emarketeer: 0 } : { crm: 0, emarketeer: 1 },
          },
        })
      }
      const told = await runLbsync(
        ['why', 'acme-dynamics', '--email', 'bo@example.test'],
        stack.env,
      )
      expect(told.stdout).toMatch(
        /Consent, evidence: none, set by CRM user .*, replaced Withdrawn\./,
      )
    },
    15 * MINUTES,
  )

  it(
    'are those of docs/cli.md: sendouts',
    async () => {
      const startAt = new Date(Date.now() + 60 * MINUTES).toISOString()
      const later = await files.write({ ...GOOD_REQUEST, sendoutId: 'snd_78', startAt })
      await documented('pre-send <file>', ['pre-send', later])
      expect(await documented('pre-send <file>', ['pre-send', later])).toMatchObject({
        status: 'joined',
      })
      const stage = ['snd_78', '--stage', 'send']
      const moved = new Date(Date.now() + 90 * MINUTES).toISOString()
      const reschedule = ['pre-send', 'reschedule', ...stage, '--start-at', moved]
      const rescheduled = await documented('pre-send reschedule <sendoutId>', reschedule)
      expect(rescheduled).toMatchObject({ status: { startAt: moved } })
      const abort = ['pre-send', 'abort', ...stage, '--reason', 'cancelled', '--by', 'Kari']
      await documented('pre-send abort <sendoutId>', abort)
      const waited = await runLbsync(
        ['pre-send', await files.write(GOOD_REQUEST), '--wait', '--json'],
        stack.env,
      )
      expect(documentOf(waited)).toMatchObject({
        outcome: 'decided',
        complete: true,
        targeted: 2,
        eligible: 2,
      })
      expect(waited.exitCode).toBe(0)
      const list = await runLbsync(['mailing-list', 'snd_77', '--account', '1001'], stack.env)
      const entries = list.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as unknown)
      expect(entries).toHaveLength(2)
      expect(shapeFaults(exampleOf(docs, 'mailing-list <sendoutId>'), entries[0])).toEqual([])
    },
    15 * MINUTES,
  )

  it(
    'are had as docs/gateway.md shows',
    async () => {
      const env = { ...stack.env, GATEWAY: stack.places.gatewayUrl, PATH: process.env['PATH'] }
      const run = async (command: string, args: readonly string[]) =>
        (await promisify(execFile)(command, args, { cwd: checkoutRoot, env })).stdout
      const curl = await blockOf('docs/gateway.md', 'sh', 'mailing-list')
      const page = JSON.parse(await run('/bin/sh', ['-c', curl])) as { entries: unknown[] }
      expect(page.entries).toHaveLength(2)
      // The types of the program that runs are checked with all other code; it must be equal to the page's example.
      const example = 'test/client/fixtures/gateway-page.ts'
      expect(await blocksOf('docs/gateway.md', 'ts')).toEqual([await readFile(example, 'utf8')])
      const listed = await run(process.execPath, ['--import', 'tsx', example])
      expect(listed.trim().split('\n')).toEqual(
        page.entries.map((entry) => {
          const { contactId, email } = entry as { contactId: string; email: string }
          return `${contactId} ${email}`
        }),
      )
    },
    15 * MINUTES,
  )

  it(
    "are those of docs/cli.md: a connection's life",
    async () => {
      const on = ['acme-dynamics', '--reason', 'a test', '--by', 'Kari']
      const paused = await documented('connection pause <id>', ['connection', 'pause', ...on])
      expect(paused).toMatchObject({ state: 'paused', pauseMode: 'all' })
      const resumed = await documented('connection resume <id>', ['connection', 'resume', ...on])
      expect(resumed).toMatchObject({ state: 'active', pauseMode: null })
      const { connectionId, accountId } = GOOD_CONNECTION
      const none = await files.write({ connectionId, accountId, crm: 'none' })
      const disabled = await documented('connection apply <file>', ['connection', 'apply', none])
      expect(disabled).toMatchObject({ state: 'disabled', workflowId: 'disconnect/acme-dynamics' })
      const usage = 'connection remove-installed <id>'
      const removed = await documented(usage, ['connection', 'remove-installed', ...on])
      expect(removed).toMatchObject({ state: 'disabled', result: 'done' })
    },
    15 * MINUTES,
  )

  it.each([
    ['worker', ['worker', '--queues', 'setup']],
    ['gateway', ['gateway', '--port', '0']],
  ])(
    'are those of docs/cli.md: %s, which ends well on a signal',
    async (usage, args) => {
      const running = await startProcess({
        entry: 'bin/lbsync.mjs',
        args: [...args, '--json'],
        env: stack.env,
        readyTimeoutMs: 10 * MINUTES,
      })
      expect(shapeFaults(exampleOf(docs, usage), running.ready)).toEqual([])
      process.kill(running.pid, 'SIGTERM')
      expect(await running.exited).toBe(0)
      expect(running.stdout).toHaveLength(1)
    },
    15 * MINUTES,
  )
})
