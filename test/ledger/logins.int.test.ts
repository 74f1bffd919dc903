import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { startPostgres, type PostgresServer } from '../../dev/embedded/postgres.js'
import { openDatabase } from '../../src/ledger/db/database.js'
import { scramVerifier, urlOf, migrate } from '../../src/ledger/db/migrate.js'
import { runStatements } from '../support/broker-database.js'
import { documentOf, runLbsync } from '../cli/run-lbsync.js'
import pg from 'pg'

/** A server of its own, because logins belong to the complete server. */
let server: PostgresServer
const given = process.env['DATABASE_URL']
const password = randomBytes(12).toString('hex')
const as = (name: string) => urlOf(server.url, { name, password })

const EVIDENCE = ['consent_events', 'consent_event_outcomes', 'overrides']

/** The three logins, created by the command itself, as an operator runs it. */
beforeAll(async () => {
  delete process.env['DATABASE_URL']
  server = await startPostgres()
  const ended = await runLbsync(['migrate', '--json'], {
    DATABASE_URL: server.url,
    WORKER_DATABASE_PASSWORD: password,
    GATEWAY_DATABASE_PASSWORD: password,
    CLI_DATABASE_PASSWORD: password,
  })
  expect(documentOf(ended)).toMatchObject({
    logins: ['lbsync_worker', 'lbsync_gateway', 'lbsync_cli'],
  })
}, 120_000)

afterAll(async () => {
  if (given !== undefined) {
    process.env['DATABASE_URL'] = given
  }
  await server.stop()
})

async function outcomeOf(url: string, sql = 'SELECT 1 FROM connections LIMIT 1'): Promise<unknown> {
  const db = openDatabase(url, { maxConnections: 1 })
  return db
    .query(sql)
    .catch((error: unknown) => error)
    .finally(() => db.close())
}

describe.each(['lbsync_worker', 'lbsync_gateway', 'lbsync_cli'])('the login %s', (name) => {
  it('works with the ledger', async () => {
    expect(await outcomeOf(as(name))).toEqual([])
  })

  // Without the product, with all rights of the login itself.
  it.each([
    ...EVIDENCE.flatMap((table) => [
      `UPDATE ${table} SET recorded_at = now()`,
      `DELETE FROM ${table}`,
      `TRUNCATE ${table} CASCADE`,
      `ALTER TABLE ${table} DISABLE TRIGGER ALL`,
      `ALTER TABLE ${table} ADD COLUMN x text`,
      `DROP TABLE ${table} CASCADE`,
      `CREATE TRIGGER mine BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION refuse_change()`,
    ]),
    'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
    'CREATE TABLE mine (x text)',
    'CREATE FUNCTION mine() RETURNS text LANGUAGE sql AS $$ SELECT 1::text $$',
    'DROP SCHEMA public CASCADE',
    'CREATE ROLE mine',
    'SET ROLE postgres',
    `SET session_replication_role = 'replica'`,
    'UPDATE schema_migrations SET number = 1',
  ])('may not: %s', async (sql) => {
    const client = new pg.Client({ connectionString: as(name) })
    await client.connect()
    for (const role of ['RESET ROLE', 'SET ROLE lbsync_app']) {
      await client.query(role)
      // 42501: insufficient_privilege
      await expect(client.query(sql)).rejects.toMatchObject({ code: '42501' })
    }
    await client.end()
  })
})

describe('a login that could change evidence', () => {
  it.each<{ who: string; attributes?: string; grant?: string; reason: string }>([
    { who: 'a superuser', attributes: 'SUPERUSER', reason: 'is a superuser' },
    { who: 'one that makes roles', attributes: 'CREATEROLE', reason: 'may make roles' },
    { who: 'one that may update', grant: 'UPDATE ON overrides', reason: 'may change overrides' },
    {
      who: 'one that may update a column',
      grant: 'UPDATE (reason) ON overrides',
      reason: 'may change overrides',
    },
    {
      who: 'one that may delete',
      grant: 'DELETE ON consent_events',
      reason: 'may change consent_events',
    },
    {
      who: 'one that may empty',
      grant: 'TRUNCATE ON consent_event_outcomes',
      reason: 'may change consent_event_outcomes',
    },
    {
      who: 'one that may add a trigger',
      grant: 'TRIGGER ON consent_events',
      reason: 'may change consent_events',
    },
    {
      who: 'one that writes all data',
      grant: 'pg_write_all_data',
      reason: 'may change',
    },
    {
      who: 'one that runs programs',
      grant: 'pg_execute_server_program',
      reason: 'files of the server',
    },
    { who: 'a member of the owner', grant: 'postgres', reason: 'may change ' },
    {
      who: 'a member of the owner that inherits nothing',
      attributes: 'NOINHERIT',
      grant: 'postgres',
      reason: 'postgres is a superuser',
    },
  ])('is $who, and is refused', async ({ attributes = '', grant, reason }) => {
    const name = `unfit_${randomBytes(4).toString('hex')}`
    await runStatements(server.url, [
      `CREATE ROLE ${name} LOGIN PASSWORD '${password}' ${attributes}`,
      `GRANT lbsync_app TO ${name}`,
      ...(grant === undefined ? [] : [`GRANT ${grant} TO ${name}`]),
    ])
    expect(await outcomeOf(as(name))).toMatchObject({
      code: 'database_login_unfit',
      value: name,
      message: expect.stringContaining(reason),
    })
    await runStatements(server.url, [`DROP OWNED BY ${name}`, `DROP ROLE ${name}`])
  })

  it('is the owner of the database', async () => {
    await runStatements(server.url, [
      `CREATE ROLE owning LOGIN PASSWORD '${password}'`,
      'GRANT lbsync_app TO owning',
      'ALTER DATABASE postgres OWNER TO owning',
    ])
    expect(await outcomeOf(as('owning'))).toMatchObject({ code: 'database_login_unfit' })
    await runStatements(server.url, ['ALTER DATABASE postgres OWNER TO postgres'])
    expect(await outcomeOf(as('owning'))).toEqual([])
  })

  it('is the owner of the server, with whom the worker and a command do not start', async () => {
    const env = { DATABASE_URL: server.url }
    const ended = await runLbsync(['connection', 'list', '--json'], env)
    expect(ended.exitCode).toBe(5)
    expect(documentOf(ended)).toMatchObject({
      error: {
        code: 'database_login_unfit',
        message: 'The login postgres could change evidence: postgres is a superuser.',
        hint: expect.stringContaining('lbsync migrate'),
      },
    })
  })

  it('is one that may not work under the role', async () => {
    await runStatements(server.url, [`CREATE ROLE stranger LOGIN PASSWORD '${password}'`])
    expect(await outcomeOf(as('stranger'))).toMatchObject({ code: 'database_login_unfit' })
  })
})

describe('what the URL sets', () => {
  const settings = `SELECT current_setting('statement_timeout') AS statement, current_setting('lock_timeout') AS lock,
    current_setting('work_mem') AS memory, current_user AS role, current_setting('application_name') AS name`
  const withQuery = (query: string) => `${as('lbsync_worker')}?${query}`
  const ours = { statement: '5min', lock: '10s', memory: '4MB', role: 'lbsync_app', name: 'lbsync' }

  it.each([
    ['nothing', '', {}],
    ['options', 'options=-c%20statement_timeout=2000', { statement: '2s' }],
    [
      'options twice',
      'options=-c%20statement_timeout=2000%20-c%20work_mem=8MB',
      { statement: '2s', memory: '8MB' },
    ],
    ['a role', 'options=-c%20role=none', {}],
    ['a role, the other way', 'options=--role=none', {}],
    ['a setting of the driver', 'statement_timeout=3000', { statement: '3s' }],
    ['a name', 'application_name=mine', { name: 'mine' }],
    [
      'a name beside options',
      'application_name=mine&options=-c%20lock_timeout=1s',
      { name: 'mine', lock: '1s' },
    ],
  ])('%s holds beside what we set', async (_what, query, theirs) => {
    expect(await outcomeOf(withQuery(query), settings)).toEqual([{ ...ours, ...theirs }])
  })
})

it('keeps a password as PostgreSQL itself would, and in no statement', async () => {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query(`CREATE ROLE by_server PASSWORD '${password}'`)
  const { rows } = await client.query<{ rolpassword: string }>(
    `SELECT rolpassword FROM pg_authid WHERE rolname = 'by_server'`,
  )
  await client.end()
  const [, salt = ''] = /:([^$]+)\$/.exec(rows[0]!.rolpassword) ?? []
  expect(scramVerifier(password, Buffer.from(salt, 'base64'))).toBe(rows[0]!.rolpassword)
})

it('gives a login another password when it is run again', async () => {
  const fresh = { name: 'lbsync_cli', password: randomBytes(12).toString('hex') }
  await migrate(server.url, [fresh])
  expect(await outcomeOf(as('lbsync_cli'))).toMatchObject({ code: 'database_auth_failed' })
  expect(await outcomeOf(urlOf(server.url, fresh))).toEqual([])
})
