import { afterEach, beforeEach } from '@jest/globals'
import type { FastifyInstance } from 'fastify'
import { Secret } from '../../src/config/secrets/secret.js'
import { createSecretsVault } from '../../src/config/secrets/secrets-vault.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import type { TemporalAccess } from '../../src/gateway/temporal-access.js'
import { createGateway, listen } from '../../src/gateway/server.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { Systems } from '../../src/connection/systems.js'
import { createLoggerFactory } from '../../src/telemetry/logger.js'
import { withDatabase } from '../support/with-database.js'
import { FakeTemporal } from './fake-temporal.js'

/** The gateway's key in these tests. */
export const API_KEY = 'a-key-of-at-least-thirty-two-characters'

/** Seals eMarketeer's webhook secrets in these tests. */
export const vault = createSecretsVault([new Secret('service-key')])

/** Differences between a test's gateway and the usual one. */
export interface FixtureOptions {
  readonly apiKey?: Secret | null
  /** A database other than the test's own. */
  readonly databaseUrl?: string
  readonly emarketeerUrl?: string
  /** A real one, closed with the gateway. */
  readonly realTemporal?: TemporalAccess
  /** Clock of the rate limits. */
  readonly nowMs?: () => number
  readonly trustedProxies?: readonly string[]
  /** Default: a free one. */
  readonly port?: number
}

/** A running gateway and its dependencies. */
export interface GatewayFixture {
  readonly url: string
  readonly app: FastifyInstance
  readonly db: Database
  readonly systems: Systems
  readonly temporal: FakeTemporal
  /** Its log lines. */
  readonly lines: readonly string[]
  /** The codes that it logged. */
  codes(): unknown[]
  /** Ends it after the work in progress. */
  close(): Promise<void>
}

/** Creates a gateway for each test on a database that the file's tests share. */
export function withGateway(): {
  readonly now: GatewayFixture
  start(options?: FixtureOptions): Promise<GatewayFixture>
} {
  const database = withDatabase()
  const open: GatewayFixture[] = []
  const start = async (options: FixtureOptions = {}) => {
    const fixture = await startGateway(options.databaseUrl ?? database.url, options)
    open.push(fixture)
    return fixture
  }
  beforeEach(async () => void (await start()))
  afterEach(async () => {
    await Promise.all(open.splice(0).map((fixture) => fixture.close()))
  })
  return {
    get now() {
      return open[0]!
    },
    start,
  }
}

async function startGateway(
  databaseUrl: string,
  {
    apiKey = new Secret(API_KEY),
    emarketeerUrl = 'http://127.0.0.1:1',
    realTemporal,
    nowMs,
    trustedProxies = [],
    port = 0,
  }: FixtureOptions,
): Promise<GatewayFixture> {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const log = createLoggerFactory({ level: 'trace', destination })('gateway')
  const db = openDatabase(databaseUrl)
  const systems = new Systems({
    db,
    drivers: CRM_DRIVERS,
    vault,
    variables: {},
    emarketeer: { syncUrl: emarketeerUrl, apiKey: 'service-key', connectUrl: null },
    allowLoopbackHttp: true,
  })
  const temporal = new FakeTemporal()
  const app = createGateway({
    systems,
    db,
    vault,
    temporal: realTemporal ?? temporal,
    apiKey,
    log,
    trustedProxies,
    ...(nowMs === undefined ? {} : { nowMs }),
  })
  const url = await listen(app, { port })
  let closed = false
  return {
    url,
    app,
    db,
    systems,
    temporal,
    lines,
    codes: () => lines.map((line) => (JSON.parse(line) as { code?: unknown }).code),
    close: async () => {
      if (!closed) {
        closed = true
        await app.close()
        await realTemporal?.close()
        systems.close()
        await db.close()
      }
    },
  }
}
