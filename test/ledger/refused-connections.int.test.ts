import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { openDatabase } from '../../src/ledger/db/database.js'
import { migrate } from '../../src/ledger/db/migrate.js'
import { startPostgres, type PostgresServer } from '../../dev/embedded/postgres.js'
import { runStatements } from '../support/broker-database.js'

/** A server of its own, because the test sets who may connect. */
let server: PostgresServer
const given = process.env['DATABASE_URL']

beforeAll(async () => {
  delete process.env['DATABASE_URL']
  server = await startPostgres()
  await runStatements(server.url, [
    `CREATE ROLE one_at_a_time LOGIN PASSWORD 'word' CONNECTION LIMIT 0`,
    `CREATE ROLE never LOGIN PASSWORD 'word'`,
    `CREATE ROLE by_tls LOGIN PASSWORD 'word'`,
    // The first match decides (https://www.postgresql.org/docs/current/auth-pg-hba-conf.html).
    `CREATE TABLE hba (line text)`,
    `INSERT INTO hba VALUES ('host all never all reject'), ('host all by_tls all reject'), ('host all all all scram-sha-256')`,
    `DO $$ BEGIN EXECUTE format('COPY hba TO %L', current_setting('hba_file')); END $$`,
    `SELECT pg_reload_conf()`,
  ])
}, 480_000)

afterAll(async () => {
  if (given !== undefined) {
    process.env['DATABASE_URL'] = given
  }
  await server.stop()
})

function urlWith(change: (url: URL) => void): string {
  const url = new URL(server.url)
  change(url)
  return url.href
}

/** The error of a query with this URL, and that of `lbsync migrate`. */
async function told(url: string): Promise<unknown> {
  const db = openDatabase(url)
  const error: unknown = await db.query('SELECT 1').catch((thrown: unknown) => thrown)
  await db.close()
  await expect(migrate(url)).rejects.toMatchObject({ code: (error as { code: string }).code })
  return error
}

const as = (user: string) => (url: URL) => {
  url.username = user
  url.password = 'word'
}

describe('a connection that PostgreSQL refuses', () => {
  it.each<[string, string, (url: URL) => void]>([
    ['a wrong password', 'database_auth_failed', (url: URL) => void (url.password = 'wrong')],
    ['an unknown user', 'database_auth_failed', as('nobody_here')],
    ['no such database', 'database_missing', (url: URL) => void (url.pathname = '/nowhere')],
    ['a login without connections left', 'database_too_many_connections', as('one_at_a_time')],
    ['a login that only comes in by TLS', 'database_tls_required', as('by_tls')],
    [
      'a server that speaks no TLS',
      'database_tls_failed',
      (url: URL) => void (url.search = '?sslmode=verify-full'),
    ],
    [
      'a certificate file that is not there',
      'database_tls_failed',
      (url: URL) => void (url.search = '?sslmode=verify-full&sslrootcert=/nowhere.pem'),
    ],
  ])('%s is %s', async (_what, code, change) => {
    expect(await told(urlWith(change))).toMatchObject({
      code,
      path: 'DATABASE_URL',
      kind: { httpStatus: 503, exitCode: 5, retryable: true },
    })
  })
})

/** Speaks PostgreSQL only as far as the start of TLS, with a certificate that nobody trusts. */
async function tlsServer(dir: string): Promise<Server> {
  const subject = ['-subj', '/CN=localhost', '-days', '1', '-nodes']
  const files = ['-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem')]
  await promisify(execFile)('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    ...subject,
    ...files,
  ])
  const secureContext = createSecureContext({
    key: await readFile(join(dir, 'key.pem')),
    cert: await readFile(join(dir, 'cert.pem')),
  })
  const listening = createServer((socket) => {
    socket.once('data', () => {
      socket.write('S')
      new TLSSocket(socket, { isServer: true, secureContext }).on('error', () => undefined)
    })
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  return listening
}

it('a certificate that is not trusted is database_tls_failed', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'lbsync-tls-'))
  const untrusted = await tlsServer(dir)
  const { port } = untrusted.address() as AddressInfo
  const db = openDatabase(`postgres://u:p@127.0.0.1:${port}/d?sslmode=verify-full`)
  await expect(db.query('SELECT 1')).rejects.toMatchObject({
    code: 'database_tls_failed',
    message: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT'),
  })
  await db.close()
  untrusted.close()
  await rm(dir, { recursive: true })
})
