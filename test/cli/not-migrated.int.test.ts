import { describe, expect, it } from '@jest/globals'
import { ADDRESS_KEY_VERSION } from '../../src/domain/email-address.js'
import { runStatements } from '../support/broker-database.js'
import { withDatabase } from '../support/with-database.js'
import { withProcesses } from '../support/with-processes.js'
import { withTemporal } from '../support/with-temporal.js'

const temporal = withTemporal()
const processes = withProcesses()

const NOWHERE = 'http://127.0.0.1:9'
const PROCESSES = [
  ['worker', []],
  ['gateway', ['--port', '0']],
] as const

/** Starts a process and waits for its ready line, which only `--json` prints; rejects with stderr if it ends before. */
function start(args: readonly string[], databaseUrl: string) {
  return processes.start({
    entry: 'bin/lbsync.mjs',
    args,
    env: {
      DATABASE_URL: databaseUrl,
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      EMARKETEER_SYNC_URL: NOWHERE,
      EMARKETEER_CONNECT_URL: NOWHERE,
      EMARKETEER_API_KEY: 'service-key-of-more-than-32-characters',
      PUBLIC_URL: NOWHERE,
      ALLOW_LOOPBACK_HTTP: 'true',
    },
    readyTimeoutMs: 240_000,
  })
}

describe('on a ledger that lacks a migration', () => {
  const database = withDatabase()

  it.each(PROCESSES)(
    'the %s does not start, and names it',
    async (name, args) => {
      await runStatements(database.ownerUrl, [
        `ALTER TABLE connections DROP COLUMN IF EXISTS crm_walk_total`,
        `DELETE FROM schema_migrations WHERE number = 32`,
      ])
      const fault =
        /ended \(5\)[^]*database_not_migrated: The schema lacks 0032_walk_total\.sql\.[^]*Run `lbsync migrate`/
      await expect(start([name, ...args], database.url)).rejects.toThrow(fault)
    },
    300_000,
  )
})

describe('on a ledger whose addresses have the keys of another release', () => {
  const database = withDatabase()

  it.each([
    ['older', ADDRESS_KEY_VERSION - 1, 'database_not_migrated: The schema lacks addresses by keys'],
    ['newer', ADDRESS_KEY_VERSION + 1, 'ledger_keys_differ: '],
  ])(
    'the worker does not start: %s',
    async (_which, version, fault) => {
      const set = `UPDATE address_key_version SET version = ${version}`
      await runStatements(database.ownerUrl, [set])
      await expect(start(['worker'], database.url)).rejects.toThrow(fault)
    },
    300_000,
  )
})

describe('on a ledger whose evidence could be changed', () => {
  const database = withDatabase()

  it.each([
    ['worker', 'overrides', 'ALTER TABLE overrides DISABLE TRIGGER USER'],
    ['gateway', 'overrides', 'ALTER TABLE overrides DISABLE TRIGGER USER'],
    // It refuses some changes, and not every one.
    [
      'worker',
      'consent_events, overrides',
      `DROP TRIGGER consent_events_append_only ON consent_events;
       CREATE TRIGGER half BEFORE UPDATE ON consent_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`,
    ],
  ])(
    'the %s does not start: %s',
    async (name, tables, change) => {
      await runStatements(database.ownerUrl, [change])
      const args = PROCESSES.find(([process]) => process === name)![1]
      await expect(start([name, ...args, '--json'], database.url)).rejects.toThrow(
        new RegExp(`ended \\(5\\)[^]*evidence_unguarded: .* on ${tables}\\.`),
      )
    },
    300_000,
  )
})

describe('on a ledger with the migrations of a newer release', () => {
  const database = withDatabase()

  it.each(PROCESSES)(
    'the %s starts, as in an upgrade',
    async (name, args) => {
      await runStatements(database.ownerUrl, [
        `INSERT INTO schema_migrations (number, name, checksum) VALUES (9999, '9999_newer.sql', '') ON CONFLICT DO NOTHING`,
      ])
      const { ready } = await start([name, ...args, '--json'], database.url)
      expect(ready).toMatchObject({ ready: true })
    },
    300_000,
  )
})
