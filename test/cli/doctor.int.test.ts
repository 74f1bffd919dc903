import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import proto from '@temporalio/proto'
import { Secret } from '../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../src/config/secrets/secrets-vault.js'
import { saveConnection, setConnectionState } from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { registerSearchAttributes } from '../../src/workers/search-attributes.js'
import { runStatements } from '../support/broker-database.js'
import { withDatabase } from '../support/with-database.js'
import { withTemporal } from '../support/with-temporal.js'
import { documentOf, runLbsync } from './run-lbsync.js'

const database = withDatabase()
const temporal = withTemporal()
const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_TEXT } =
  proto.temporal.api.enums.v1.IndexedValueType

/** Answers like the gateway's `/healthz`, and like eMarketeer for an account that it does not know. */
let gateway: Server
beforeAll(async () => {
  gateway = createServer(({ url = '', headers }, response) => {
    const ofEmarketeer = url.startsWith('/sync-internal/')
    const known = headers['x-api-key'] === SERVICE_KEY
    const [status, code] = known ? [404, 'not_found'] : [401, 'invalid_api_key']
    response.statusCode = ofEmarketeer ? status : 200
    const body = ofEmarketeer ? { error: { code, message: code, details: [] } } : { status: 'ok' }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  gateway.close()
})

const SERVICE_KEY = 'service-key-of-more-than-32-characters'
const here = () => `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`
const env = () => ({
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: temporal.address,
  TEMPORAL_NAMESPACE: temporal.namespace,
  EMARKETEER_SYNC_URL: here(),
  EMARKETEER_CONNECT_URL: here(),
  EMARKETEER_API_KEY: SERVICE_KEY,
  PUBLIC_URL: here(),
  ALLOW_LOOPBACK_HTTP: 'true',
})

/** In the form that `connection apply` stores. */
const connectionOf = (connectionId: string, accountId: string, secret: object) => {
  const settings = {
    connectionId,
    accountId,
    crm: 'dynamics',
    legalBasisSync: true,
    subscriptionSync: true,
    createMissing: 'none' as const,
    newlyMailableLimit: 100,
  }
  const secrets = { 'dynamics.clientSecret': secret }
  const config = { ...settings, sectionName: 'dynamics', section: {}, secrets }
  return { ...settings, subscriptionRowsPerDay: 100, config }
}

async function withOwnDatabase(work: (db: Database) => Promise<void>): Promise<void> {
  const db = openDatabase(database.url, { maxConnections: 1 })
  await work(db).finally(() => db.close())
}

interface Finding {
  readonly about: string
  readonly outcome: string
  readonly message: string
  readonly code: string | null
}

async function doctor(more: Record<string, string> = {}) {
  const ended = await runLbsync(['doctor', '--json'], { ...env(), ...more })
  const { healthy, findings } = documentOf<{ healthy: boolean; findings: Finding[] }>(ended)
  const wrong = findings.filter(({ outcome }) => outcome !== 'ok')
  return { exitCode: ended.exitCode, healthy, wrong, text: JSON.stringify(findings) }
}

describe('lbsync doctor', () => {
  it('finds nothing at fault where nothing is, and reports the length of a key', async () => {
    const { exitCode, healthy, wrong, text } = await doctor()
    // The namespaces of tests keep ended workflows for a day.
    expect(wrong).toMatchObject([
      { outcome: 'warning', message: 'The namespace keeps ended workflows for 1 days.' },
    ])
    expect([exitCode, healthy]).toEqual([0, true])
    expect(text).toContain(
      'EMARKETEER_API_KEY has 38 characters, the first a letter, the last a letter.',
    )
    expect(text).not.toContain('service-key')
  })

  it('reports all faults in one run', async () => {
    const { exitCode, wrong } = await doctor({
      DATABASE_URL: database.ownerUrl,
      TEMPORAL_NAMESPACE: 'nope',
      EMARKETEER_API_KEY: 'service-key-of-more-than-32-characters\n',
      EMARKETEER_SYNC_URL: 'http://em.example',
    })
    expect(exitCode).toBe(1)
    expect(wrong).toMatchObject([
      { about: 'environment', outcome: 'fault', message: 'EMARKETEER_SYNC_URL must be https.' },
      {
        about: 'environment',
        outcome: 'warning',
        message: expect.stringContaining('EMARKETEER_API_KEY has white space'),
      },
      { about: 'database', outcome: 'fault', code: 'database_login_unfit' },
      {
        about: 'temporal',
        outcome: 'fault',
        code: 'temporal_namespace_missing',
        message: expect.stringContaining('does not know the namespace nope'),
      },
    ])
  })

  it('reports that eMarketeer does not answer, or refuses the key', async () => {
    const [away, refused] = [
      await doctor({ EMARKETEER_SYNC_URL: 'http://127.0.0.1:1' }),
      await doctor({ EMARKETEER_API_KEY: 'another-key-of-more-than-32-characters' }),
    ]
    const about = 'emarketeer'
    expect(away.wrong).toContainEqual(
      expect.objectContaining({ about, outcome: 'fault', code: 'emarketeer_unreachable' }),
    )
    expect(refused.wrong).toContainEqual(
      expect.objectContaining({ about, outcome: 'fault', code: 'emarketeer_auth_failed' }),
    )
  })

  it('looks at the secrets of each connection, and at set-ups that do not run', async () => {
    const vault = createSecretsVault([new Secret('another key, which sealed it before')])
    await withOwnDatabase(async (db) => {
      await saveConnection(db, connectionOf('acme-dynamics', '1', { env: 'ACME_SECRET' }))
      await saveConnection(db, connectionOf('blank-dynamics', '2', { env: 'BLANK_SECRET' }))
      const place = { connectionId: 'fjord-dynamics', field: 'dynamics.clientSecret' }
      const sealed = vault.seal('opened by another key', place)
      await saveConnection(db, connectionOf('fjord-dynamics', '3', { sealed }))
      await saveConnection(db, connectionOf('gone-dynamics', '4', { env: 'GONE_SECRET' }))
      await setConnectionState(db, 'gone-dynamics', 'disabled')
      await setConnectionState(db, 'blank-dynamics', 'active')
    })
    const { wrong, text } = await doctor({ BLANK_SECRET: 'sixteen letters \n' })
    const about = 'connections'
    expect(wrong.filter((finding) => finding.about === about)).toMatchObject([
      { outcome: 'warning', message: expect.stringMatching(/^acme-dynamics .* does not run/) },
      { outcome: 'warning', message: expect.stringMatching(/^fjord-dynamics .* does not run/) },
      { code: 'secret_missing', message: expect.stringContaining('ACME_SECRET') },
      {
        outcome: 'warning',
        message:
          'blank-dynamics: dynamics.clientSecret (BLANK_SECRET) has 15 characters, the first a letter, ' +
          'the last a letter, and white space around it, which is removed.',
      },
      { code: 'environment_invalid', message: expect.stringContaining('sealed under another key') },
    ])
    expect(text).not.toContain('sixteen letters')
    expect(text).not.toContain('GONE_SECRET')
    // eMarketeer does not know any account in this test.
    expect(wrong.filter(({ code }) => code === 'account_not_found')).toHaveLength(3)
  })

  it('sees that the guard of evidence is off, and a migration missing', async () => {
    await runStatements(database.ownerUrl, [
      'ALTER TABLE overrides DISABLE TRIGGER ALL',
      'DELETE FROM schema_migrations WHERE number = 1',
    ])
    const { wrong } = await doctor()
    expect(wrong.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'The schema lacks 0001_ledger.sql.',
        'The trigger that keeps overrides from being changed is disabled or missing.',
      ]),
    )
  })
})

describe('a namespace whose search attributes do not fit', () => {
  let connection: Connection
  beforeAll(async () => {
    connection = await Connection.connect({ address: temporal.address })
  })
  afterAll(() => connection.close())

  /** A namespace that already has these search attributes. */
  async function namespaceWith(searchAttributes: Record<string, number>): Promise<string> {
    const namespace = `odd-${randomBytes(6).toString('hex')}`
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    })
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes })
    return namespace
  }

  it('is refused by a worker, which names the one of another type', async () => {
    const namespace = await namespaceWith({ Phase: INDEXED_VALUE_TYPE_TEXT })
    await expect(registerSearchAttributes(connection, namespace)).rejects.toMatchObject({
      code: 'search_attribute_unfit',
      message: `Phase in the namespace ${namespace} is of type Text, and must be Keyword.`,
      value: 'Phase',
      kind: { hint: expect.stringContaining('temporal operator search-attribute remove --name') },
    })
    expect((await doctor({ TEMPORAL_NAMESPACE: namespace })).text).toContain(
      'search_attribute_unfit',
    )
  })

  it('is refused by a worker where it takes no more', async () => {
    // A server with its own database accepts ten of a kind (https://docs.temporal.io/search-attribute).
    const others = Array.from({ length: 8 }, (_, index) => [
      `Other${index}`,
      INDEXED_VALUE_TYPE_KEYWORD,
    ])
    const namespace = await namespaceWith(Object.fromEntries(others) as Record<string, number>)
    await expect(registerSearchAttributes(connection, namespace)).rejects.toMatchObject({
      code: 'search_attribute_unfit',
      message: expect.stringContaining('the namespace may hold as many as it takes'),
    })
  })

  it('is reported by its name where it is missing', async () => {
    await expect(registerSearchAttributes(connection, 'nope')).rejects.toMatchObject({
      code: 'temporal_namespace_missing',
      path: 'TEMPORAL_NAMESPACE',
      value: 'nope',
    })
  })
})
