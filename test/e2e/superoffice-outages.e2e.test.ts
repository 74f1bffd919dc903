import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { createControl, type Control } from '../../src/cli/demo/control.js'
import { connectionFiles } from '../../src/cli/stack/connection-files.js'
import { startStack, type Stack } from '../../src/cli/stack/start-stack.js'
import { openDatabase } from '../../src/ledger/database.js'
import { withFiles } from '../cli/files.js'
import { documentOf, runLbsync } from '../cli/run-lbsync.js'

const MINUTES = 60_000
const CONNECTION_ID = 'nord-so'
const PEOPLE = ['anna', 'bo', 'cleo'].map((name) => `${name}@example.test`)

const files = withFiles()
let stack: Stack
let superOffice: Control
let emarketeer: Control
let accountId: string

interface Dumped {
  readonly contactId?: string
  readonly email: string
  readonly consents: Readonly<Record<string, { readonly value: string }>>
}

interface PreSendDocument {
  readonly outcome: string
  readonly eligible: number
  readonly excluded: Readonly<Record<string, number>>
}

beforeAll(async () => {
  stack = await startStack({ ui: false, superOffice: true })
  const online = connectionFiles(stack.places).online!
  accountId = online.accountId
  superOffice = createControl(stack.places.superOffice!.online.controlUrl)
  emarketeer = createControl(stack.places.emarketeer.controlUrl)
  await emarketeer.send('POST', `accounts/${accountId}/seed`, {
    contacts: PEOPLE.map((email, index) => ({
      contactId: String(9001 + index),
      email,
      consents: { marketingSendouts: { legalBasis: 'consent' } },
    })),
  })
  await superOffice.send('POST', 'persons', {
    persons: PEOPLE.map((email) => ({
      emails: [email],
      registered: '2020-01-01T10:00:00Z',
      consents: {
        EMARKETING: { legalBase: '61A', source: 'USER', registered: '2021-01-01T10:00:00Z' },
      },
      silent: true,
    })),
  })
  await run('connection', 'apply', await files.write(online))
}, 4 * MINUTES)

afterAll(async () => {
  await stack?.stop()
}, MINUTES)

it(
  'a nightly recycle delays a sweep, and loses nothing',
  async () => {
    await superOffice.send('POST', 'webhook-faults', { loseShare: 1 })
    await withdraw('anna@example.test')
    const recycle = (await superOffice.send('POST', 'faults', { reset: true })) as { id: number }
    const sweep = run('sweep', 'now', CONNECTION_ID)
    await untilRequests((total) => total >= 3)
    await superOffice.send('DELETE', `faults?id=${recycle.id}`)
    await sweep
    expect(await basisOf('anna@example.test')).toBe('withdrawn')
  },
  3 * MINUTES,
)

it(
  'a moved host is found again',
  async () => {
    await withdraw('bo@example.test')
    await superOffice.send('POST', 'move')
    await run('sweep', 'now', CONNECTION_ID)
    expect(await basisOf('bo@example.test')).toBe('withdrawn')
  },
  2 * MINUTES,
)

it(
  'a revoked approval is tried once, told in words, and not again before its time',
  async () => {
    await superOffice.send('POST', 'approval', { revoked: true })
    await superOffice.send('POST', 'tickets/expire')
    await superOffice.send('POST', 'requests/reset')
    for (const sendoutId of ['snd_revoked_1', 'snd_revoked_2']) {
      expect(await preSend(sendoutId, 10)).toMatchObject({
        eligible: 0,
        excluded: { notVerified: PEOPLE.length },
      })
    }
    const { operations } = await requests()
    const signIns = Object.entries(operations).filter(([name]) => name.includes('Authenticate'))
    expect(signIns.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(2)
    const shown = await run('connection', 'show', CONNECTION_ID)
    expect(documentOf(shown)).toMatchObject({ blocked: { crm: { code: 'crm_auth_failed' } } })
  },
  3 * MINUTES,
)

it(
  'maintenance keeps everybody whom nobody could verify off the list, and is not hammered',
  async () => {
    await superOffice.send('POST', 'approval', { revoked: false })
    await reopenGate()
    await superOffice.send('POST', 'tenant', { state: 'OfflineMaintenance' })
    await superOffice.send('POST', 'tickets/expire')
    await superOffice.send('POST', 'requests/reset')
    const result = await preSend('snd_maintenance', 20)
    expect(result).toMatchObject({ eligible: 0, excluded: { notVerified: PEOPLE.length } })
    expect((await requests()).total).toBeLessThan(30)
    const shown = await run('connection', 'show', CONNECTION_ID)
    expect(documentOf(shown)).toMatchObject({
      blocked: { crm: { code: 'crm_tenant_unavailable' } },
    })
  },
  3 * MINUTES,
)

/** The stand-in has been asked that often since the last reset. */
async function untilRequests(enough: (total: number) => boolean): Promise<void> {
  await superOffice.send('POST', 'requests/reset')
  while (!enough((await requests()).total)) {
    await wait(100)
  }
}

/** As if the time had passed for which the gate is closed. */
async function reopenGate(): Promise<void> {
  const db = openDatabase(stack.places.databaseUrl)
  await db.query(`UPDATE connections SET crm_blocked_until = NULL, crm_blocked_code = NULL`)
  await db.close()
}

/** A sales rep withdraws a person's consent in SuperOffice. */
async function withdraw(email: string): Promise<void> {
  const persons = await superOffice.lines<{ personId: number; emails: { address: string }[] }>(
    'dump',
  )
  const person = persons.find(({ emails }) => emails.some(({ address }) => address === email))!
  await superOffice.send('POST', `persons/${person.personId}/consent`, {
    purpose: 'EMARKETING',
    legalBase: 'WITHDRAWN',
  })
}

async function basisOf(email: string): Promise<string | undefined> {
  const lines = await emarketeer.lines<Dumped>(`accounts/${accountId}/dump`)
  return lines.find((line) => line.email === email)?.consents['marketingSendouts']?.value
}

function requests() {
  return superOffice.get<{ total: number; operations: Record<string, number> }>('requests')
}

async function preSend(sendoutId: string, deadlineSeconds: number): Promise<PreSendDocument> {
  const file = await files.write({
    connectionId: CONNECTION_ID,
    sendoutId,
    stage: 'send',
    contactIds: PEOPLE.map((_, index) => String(9001 + index)),
    channel: 'email',
    categoryId: null,
    transactional: false,
    deadline: new Date(Date.now() + deadlineSeconds * 1_000).toISOString(),
  })
  const ended = await runLbsync(['pre-send', file, '--wait', '--json'], stack.env)
  return documentOf<PreSendDocument>(ended)
}

async function run(...args: string[]) {
  const ended = await runLbsync([...args, '--json'], stack.env)
  expect([args, ended.exitCode, ended.exitCode === 0 ? '' : ended.stderr]).toEqual([args, 0, ''])
  return ended
}
