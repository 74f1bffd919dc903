import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { ErrorDocument } from '../../src/contracts/app-error.js'
import { openDatabase } from '../../src/ledger/db/database.js'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { withDatabase } from '../support/with-database.js'
import { GOOD_CONNECTION, GOOD_REQUEST, withFiles } from './files.js'
import { documentOf, runLbsync } from './run-lbsync.js'
import { settings } from '../support/settings.js'

const database = withDatabase()
const files = withFiles()

/** Nothing listens there. */
const AWAY = 'http://127.0.0.1:9'

const env = (more: Readonly<Record<string, string>> = {}) => ({
  DATABASE_URL: database.url,
  EMARKETEER_SYNC_URL: AWAY,
  EMARKETEER_CONNECT_URL: AWAY,
  EMARKETEER_API_KEY: 'service-key-of-more-than-32-characters',
  ALLOW_LOOPBACK_HTTP: 'true',
  ACME_SECRET: 'a-secret-that-nobody-sees',
  OTHER_SECRET: 'a-secret-that-nobody-sees',
  TEMPORAL_ADDRESS: '127.0.0.1:9',
  ...more,
})

/** The parts of an error that a test checks: everything except the hint, which comes from the catalogue. */
async function errorOf(args: readonly string[], variables = env()) {
  const ended = await runLbsync([...args, '--json'], variables)
  const { error } = documentOf<ErrorDocument>(ended)
  expect(ended.stdout + ended.stderr).not.toContain('a-secret-that-nobody-sees')
  const { code, message, path, value } = error
  // File names and ports differ from run to run.
  return {
    exitCode: ended.exitCode,
    code,
    message: message.replace(/\/\S*\.json/g, 'FILE'),
    path,
    value,
  }
}

const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString()

beforeAll(async () => {
  const db = openDatabase(database.url)
  await saveConnection(
    db,
    settings({ connectionId: OTHER.connectionId, accountId: '1002', legalBasisSync: false }),
  )
  await db.close()
}, 300_000)

const OTHER = {
  connectionId: 'other-dynamics',
  dynamics: { ...GOOD_CONNECTION.dynamics, clientSecret: { env: 'OTHER_SECRET' } },
}

describe('connection apply refuses', () => {
  it.each([
    ['an unknown key', { ...GOOD_CONNECTION, subscriptionsSync: true }],
    [
      'a secret that is not set',
      {
        ...GOOD_CONNECTION,
        dynamics: { ...GOOD_CONNECTION.dynamics, clientSecret: { env: 'NOT_SET' } },
      },
    ],
    ['superoffice-online without its section', { ...GOOD_CONNECTION, crm: 'superoffice-online' }],
    [
      '"crm":"none" of a connection that is not there',
      { ...GOOD_CONNECTION, crm: 'none', legalBasisSync: false },
    ],
    ['"crm":"none" of another account', { ...OTHER, accountId: '1003', crm: 'none' }],
    ['"crm":"none" that syncs', { ...GOOD_CONNECTION, crm: 'none' }],
    ['a second CRM of a tenant', { ...GOOD_CONNECTION, accountId: '1002' }],
    ['another account for a connection', { ...GOOD_CONNECTION, ...OTHER, accountId: '1003' }],
    [
      'sync switched on in a running connection',
      { ...GOOD_CONNECTION, ...OTHER, accountId: '1002' },
    ],
    ['text that is no JSON', '{"connectionId": "acme",'],
  ])('%s', async (_what, content) => {
    const path = await files.write(content)
    expect(await errorOf(['connection', 'apply', path])).toMatchSnapshot()
  })

  it('http without the switch', async () => {
    const dynamics = { ...GOOD_CONNECTION.dynamics, environmentUrl: 'http://127.0.0.1:1' }
    const path = await files.write({ ...GOOD_CONNECTION, dynamics })
    const https = {
      EMARKETEER_SYNC_URL: 'https://em.example',
      EMARKETEER_CONNECT_URL: 'https://em.example',
    }
    const variables = env({ ...https, ALLOW_LOOPBACK_HTTP: 'false' })
    expect(await errorOf(['connection', 'apply', path], variables)).toMatchSnapshot()
  })

  it('a file that is not there, and stores nothing when eMarketeer is away', async () => {
    expect(await errorOf(['connection', 'apply', '/nonexistent.json'])).toMatchSnapshot()
    const path = await files.write(GOOD_CONNECTION)
    expect(await errorOf(['connection', 'apply', path])).toMatchObject({
      exitCode: 5,
      code: 'emarketeer_unreachable',
    })
    expect(await errorOf(['connection', 'show', 'acme-dynamics'])).toMatchSnapshot()
  })
})

describe('pre-send refuses', () => {
  it.each([
    ['an unknown connection', () => ({ ...GOOD_REQUEST, connectionId: 'nobodys' })],
    [
      'too many contact ids',
      () => ({
        connectionId: 'acme-dynamics',
        sendoutId: 'snd_77',
        stage: 'send',
        contactIds: Array.from({ length: 1_001 }, (_, index) => String(index)),
        channel: 'email',
        categoryId: null,
        transactional: false,
      }),
    ],
    [
      'contact ids without a channel',
      () => ({
        connectionId: 'acme-dynamics',
        sendoutId: 'snd_77',
        stage: 'send',
        contactIds: ['1'],
        categoryId: null,
        transactional: false,
      }),
    ],
    [
      'a deadline before the start',
      () => ({
        ...GOOD_REQUEST,
        startAt: '2099-01-02T00:00:00Z',
        deadline: '2099-01-01T00:00:00Z',
      }),
    ],
  ])('%s', async (_what, request) => {
    const path = await files.write(request())
    expect(await errorOf(['pre-send', path])).toMatchSnapshot()
  })

  it('a deadline that has passed', async () => {
    const path = await files.write({ ...GOOD_REQUEST, deadline: '2020-01-01T00:00:00Z' })
    expect(await errorOf(['pre-send', path])).toMatchObject({
      exitCode: 2,
      code: 'deadline_past',
      path: 'deadline',
      value: '2020-01-01T00:00:00Z',
    })
  })
})

describe('what is outside', () => {
  it('is told when the database is away', async () => {
    const variables = env({ DATABASE_URL: 'postgres://u:hidden-word@127.0.0.1:9/ledger' })
    expect(await errorOf(['connection', 'list'], variables)).toMatchSnapshot()
    const ended = await runLbsync(['connection', 'list'], variables)
    expect(ended).toMatchObject({ exitCode: 5, stdout: '' })
    expect(ended.stderr).toMatchSnapshot()
    expect(ended.stderr).not.toContain('hidden-word')
  })

  it('is told when Temporal is away', async () => {
    const request = { ...GOOD_REQUEST, connectionId: 'other-dynamics', deadline: inAnHour() }
    expect(await errorOf(['pre-send', await files.write(request)])).toMatchSnapshot()
  })

  it('is told when the database lacks this release’s tables', async () => {
    const bare = new URL(database.url)
    bare.pathname = '/postgres'
    expect(
      await errorOf(['connection', 'list'], env({ DATABASE_URL: bare.href })),
    ).toMatchSnapshot()
  })
})

describe('a gateway that cannot listen', () => {
  let taken: Server
  let port: string
  beforeAll(async () => {
    taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    port = String((taken.address() as AddressInfo).port)
  })
  afterAll(() => {
    taken.close()
  })

  it.each([
    ['by its variable', [], 'GATEWAY_PORT'],
    ['by its option', ['--port', 'PORT'], '--port'],
    ['by its host', ['--host', '192.0.2.1'], '--host'],
  ])('tells what gave the place: %s', async (_what, args, path) => {
    const variables = env({ GATEWAY_PORT: port, PUBLIC_URL: AWAY })
    const given = args.map((arg) => (arg === 'PORT' ? port : arg))
    expect(await errorOf(['gateway', ...given], variables)).toMatchObject({
      exitCode: 2,
      code: 'value_invalid',
      path,
      value: path === '--host' ? '192.0.2.1' : port,
    })
  })
})

describe('the command line', () => {
  it('reports a group without a command, and shows its help', async () => {
    const ended = await runLbsync(['held'])
    expect(ended).toMatchObject({ exitCode: 2, stdout: '' })
    expect(ended.stderr).toContain('Usage: lbsync held')
    expect(ended.stderr).toContain('value_missing')
  })

  it('reports an unknown person without naming them', async () => {
    const args = ['why', 'other-dynamics', '--email', 'who@example.test']
    const ended = await runLbsync(args, env())
    expect(ended).toMatchObject({ exitCode: 3, stdout: '' })
    expect(ended.stderr).toContain('contact_not_found')
    expect(ended.stderr).not.toContain('who@example.test')
  })
})
