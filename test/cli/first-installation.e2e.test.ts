import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { freePort } from '../../dev/embedded/start-program.js'
import { startPostgres, type PostgresServer } from '../../dev/embedded/postgres.js'
import { urlOf } from '../../src/ledger/db/migrate.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { databaseUrl, runStatements } from '../support/broker-database.js'
import { blockOf, blocksOf, commandsOf } from '../support/documents.js'
import { operatorShell, type OperatorShell } from '../support/operator-shell.js'
import { withTemporal } from '../support/with-temporal.js'

const MINUTES = 60_000
const temporal = withTemporal()
/** A server of its own, because logins belong to the complete server. */
let server: PostgresServer
const given = process.env['DATABASE_URL']

beforeAll(async () => {
  delete process.env['DATABASE_URL']
  server = await startPostgres()
  // As a provider gives it: an owner who may not create roles.
  await runStatements(server.url, [
    `CREATE ROLE lbsync LOGIN PASSWORD 'the owner of the ledger'`,
    'CREATE DATABASE lbsync OWNER lbsync',
    'CREATE DATABASE another',
  ])
}, provisionTimeoutMs)

afterAll(async () => {
  if (given !== undefined) {
    process.env['DATABASE_URL'] = given
  }
  await server?.stop()
})

/** An operator's shell with the environment of `.env.example`, filled in for this process. */
async function operatorAs(url: string): Promise<OperatorShell> {
  const operator = await operatorShell({
    DATABASE_URL: url,
    TEMPORAL_ADDRESS: temporal.address,
    TEMPORAL_NAMESPACE: temporal.namespace,
    EMARKETEER_SYNC_URL: 'https://sync.example.test',
    EMARKETEER_CONNECT_URL: 'https://connect.example.test',
    EMARKETEER_API_KEY: 'the-service-key-of-eMarketeer-for-this-test',
    PUBLIC_URL: 'https://lbsync.example.test',
    GATEWAY_API_KEY: 'the-key-of-the-campaign-service-for-this-test',
    GATEWAY_PORT: `${await freePort()}`,
  })
  await operator.quicken()
  return operator
}

/** Starts a process of the product as its page shows it, and runs this once it is ready; it ends on SIGTERM. */
async function whileItRuns(operator: OperatorShell, command: string, act = async () => {}) {
  const child = operator.start(command)
  let told = ''
  child.stderr!.on('data', (chunk: Buffer) => (told += chunk.toString()))
  const ended = once(child, 'close')
  try {
    const [ready] = await Promise.race([once(createInterface(child.stdout!), 'line'), ended])
    expect([command, ready, told]).toEqual([
      command,
      expect.stringMatching(/^(?:Serving|The gateway) /),
      told,
    ])
    await act()
  } finally {
    child.kill('SIGTERM')
  }
  expect([command, await ended]).toEqual([command, [0, null]])
}

it(
  "runs README's first processes on a database whose logins docs/securing.md creates by hand",
  async () => {
    await runStatements(server.url, await blocksOf('docs/securing.md', 'sql'))
    const at = databaseUrl(server.url, 'lbsync')
    const password = 'at least sixteen characters'
    const owner = { name: 'lbsync', password: 'the owner of the ledger' }
    const block = await blockOf('README.md', 'sh', 'npx lbsync migrate')
    const [migrate, worker, gateway, ...others] = commandsOf(block)
    expect(others).toEqual([])
    const migrated = await (await operatorAs(urlOf(at, owner))).run(migrate!)
    expect(migrated).toMatchObject({ exitCode: 0, stderr: '' })
    const working = await operatorAs(urlOf(at, { name: 'lbsync_worker', password }))
    const support = await operatorAs(urlOf(at, { name: 'lbsync_cli', password }))
    await whileItRuns(working, worker!, async () => {
      for (const command of commandsOf(await blockOf('docs/operating.md', 'sh', 'release use'))) {
        expect(await support.run(command)).toMatchObject({ exitCode: 0 })
      }
    })
    await whileItRuns(await operatorAs(urlOf(at, { name: 'lbsync_gateway', password })), gateway!)
  },
  10 * MINUTES,
)

it(
  'lets the owner create the logins as docs/securing.md shows',
  async () => {
    const operator = await operatorAs(databaseUrl(server.url, 'another'))
    for (const block of await blocksOf('docs/securing.md', 'sh')) {
      const { exitCode, stdout, stderr } = await operator.run(block)
      expect([exitCode, stderr]).toEqual([0, ''])
      for (const login of ['lbsync_worker', 'lbsync_gateway', 'lbsync_cli']) {
        expect(stdout).toContain(login)
      }
    }
  },
  MINUTES,
)
