import { randomBytes } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import proto from '@temporalio/proto'
import { registerSearchAttributes } from '../../src/workers/search-attributes.js'
import { runStatements } from '../support/broker-database.js'
import { withDatabase } from '../support/with-database.js'
import { withTemporal } from '../support/with-temporal.js'
import { documentOf, runLbsync } from './run-lbsync.js'

const database = withDatabase()
const temporal = withTemporal()
const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_TEXT } =
  proto.temporal.api.enums.v1.IndexedValueType

/** Answers as the gateway's `/healthz` does. */
let gateway: Server
beforeAll(async () => {
  gateway = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end('{"status":"ok"}')
  })
  await new Promise<void>((resolve) => gateway.listen(0, '127.0.0.1', resolve))
})
afterAll(() => {
  gateway.close()
})

const env = () => ({
  DATABASE_URL: database.url,
  TEMPORAL_ADDRESS: temporal.address,
  TEMPORAL_NAMESPACE: temporal.namespace,
  EMARKETEER_SYNC_URL: 'https://em.example',
  EMARKETEER_CONNECT_URL: 'https://em.example',
  EMARKETEER_API_KEY: 'service-key-of-more-than-32-characters',
  PUBLIC_URL: `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`,
  ALLOW_LOOPBACK_HTTP: 'true',
})

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
  it('finds nothing at fault where nothing is, and tells how long a key is', async () => {
    const { exitCode, healthy, wrong, text } = await doctor()
    // The namespaces of tests keep what has ended for a day.
    expect(wrong).toMatchObject([
      { outcome: 'warning', message: 'The namespace keeps what has ended for 1 days.' },
    ])
    expect([exitCode, healthy]).toEqual([0, true])
    expect(text).toContain(
      'EMARKETEER_API_KEY has 38 characters, the first a letter, the last a letter.',
    )
    expect(text).not.toContain('service-key')
  })

  it('tells all that is at fault at once', async () => {
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

  it('sees that the guard of evidence is off, and a migration missing', async () => {
    await runStatements(database.ownerUrl, [
      'ALTER TABLE overrides DISABLE TRIGGER ALL',
      'DELETE FROM schema_migrations WHERE number = 1',
    ])
    const { wrong } = await doctor()
    expect(wrong.map(({ message }) => message)).toEqual(
      expect.arrayContaining([
        'The schema lacks 0001_ledger.sql.',
        'The trigger that keeps overrides from being changed is off or gone.',
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

  /** A namespace that has these already. */
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
    // A server with its own database takes ten of a kind (https://docs.temporal.io/search-attribute).
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

  it('is told by its name where it is not there', async () => {
    await expect(registerSearchAttributes(connection, 'nope')).rejects.toMatchObject({
      code: 'temporal_namespace_missing',
      path: 'TEMPORAL_NAMESPACE',
      value: 'nope',
    })
  })
})
