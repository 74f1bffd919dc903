import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { findConnection } from '../../src/ledger/connection/connections.js'
import { migrate } from '../../src/ledger/db/migrate.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { runStatements } from '../support/broker-database.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()
let db: Database

beforeAll(() => {
  db = openDatabase(database.url, { maxConnections: 1 })
})
afterAll(() => db.close())

/** An address, as any set-up creates it. */
const ADDRESS = [
  `INSERT INTO connections (connection_id, account_id, crm, state, legal_basis_sync, subscription_sync, create_missing,
      newly_mailable_limit, subscription_rows_per_day, config, webhook_ref)
    VALUES ('acme', '1001', 'dynamics', 'active', true, true, 'none', 100, 100, '{}', 'r') ON CONFLICT DO NOTHING`,
  `INSERT INTO addresses (connection_id, address) VALUES ('acme', 'anna@x.example') ON CONFLICT DO NOTHING`,
]

describe('a ledger whose addresses are kept by keys of another version (rule A)', () => {
  it('is refused before anything is changed, with what to do', async () => {
    await runStatements(database.ownerUrl, [
      ...ADDRESS,
      `UPDATE address_key_version SET version = 1`,
    ])
    await expect(migrate(database.ownerUrl)).rejects.toMatchObject({
      code: 'ledger_keys_differ',
      message: expect.stringMatching(/version 1.*version 2/),
      path: 'DATABASE_URL',
    })
    expect(await db.query(`SELECT version FROM address_key_version`)).toEqual([{ version: 1 }])
  })

  it('is refused too where it is from before versions were noted', async () => {
    await runStatements(database.ownerUrl, [
      ...ADDRESS,
      `ALTER TABLE address_key_version RENAME TO noted`,
      `DELETE FROM schema_migrations WHERE number >= 10`,
    ])
    await expect(migrate(database.ownerUrl)).rejects.toMatchObject({ code: 'ledger_keys_differ' })
    await runStatements(database.ownerUrl, [`ALTER TABLE noted RENAME TO address_key_version`])
  })
})

describe("a ledger that kept among the facts what is not the CRM folder's", () => {
  const before = withDatabase()

  it('keeps it in columns, and the facts of the CRM as they are', async () => {
    const webhooks = { url: 'https://sync.example.com/hooks/crm/r', installed: true, reason: null }
    const facts = { tables: { a: 1 }, webhooks, setupAttempt: { token: 't', untilMs: 1 } }
    await runStatements(before.ownerUrl, [
      ...ADDRESS,
      `ALTER TABLE connections DROP COLUMN registered_webhooks, DROP COLUMN removal_begun,
        DROP COLUMN setup_attempt, DROP COLUMN setup_attempt_until`,
      `DELETE FROM schema_migrations WHERE number = 29`,
      `UPDATE connections SET facts = '${JSON.stringify(facts)}'`,
      `INSERT INTO connections (connection_id, account_id, crm, state, legal_basis_sync, subscription_sync, create_missing,
          newly_mailable_limit, subscription_rows_per_day, config, webhook_ref, facts)
        VALUES ('beta', '1002', 'dynamics', 'disabled', true, true, 'none', 100, 100, '{}', 's', '{"removalBegun": true}')`,
    ])
    await migrate(before.ownerUrl)
    const migrated = openDatabase(before.url, { maxConnections: 1 })
    try {
      const registered = { publicUrl: 'https://sync.example.com', webhookRef: 'r' }
      expect(await findConnection(migrated, 'acme')).toMatchObject({
        facts: { tables: { a: 1 } },
        registeredWebhooks: { ...registered, installed: true, reason: null },
        removalBegun: false,
      })
      expect(await findConnection(migrated, 'beta')).toMatchObject({
        facts: {},
        registeredWebhooks: null,
        removalBegun: true,
      })
    } finally {
      await migrated.close()
    }
  })
})
