import { afterAll, beforeAll, expect, it } from '@jest/globals'
import { beginNewEpoch } from '../../src/app/ledger-restored.js'
import { overridesOf } from '../../src/ledger/connection/overrides.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { withDatabase } from '../support/with-database.js'

const EVIDENCE = { reason: 'The disk was lost', by: 'Kari' }
const database = withDatabase()
let db: Database

beforeAll(async () => {
  db = openDatabase(database.url, { maxConnections: 2 })
  await db.query(
    `INSERT INTO connections (connection_id, account_id, crm, state, legal_basis_sync, subscription_sync, create_missing,
        newly_mailable_limit, subscription_rows_per_day, config, webhook_ref, emarketeer_cursor, crm_cursor,
        emarketeer_proven_tick, crm_proven_tick)
      VALUES ('acme', '1001', 'dynamics', 'active', true, true, 'none', 100, 0, '{}', 'ref', 'e', 'c', 7, 8)`,
  )
  await db.query(
    `INSERT INTO addresses (connection_id, address, lease_owner, lease_expires_at, lease_token)
      VALUES ('acme', 'ann@example.com', '8f2b0f5e-0000-4000-8000-000000000000', now() + interval '1 minute', 3)`,
  )
})
afterAll(() => db.close())

function stored(): Promise<unknown[]> {
  return db.query(
    `SELECT epoch, emarketeer_cursor, crm_cursor, emarketeer_proven_tick, crm_proven_tick, lease_owner, lease_expires_at, lease_token
      FROM connections JOIN addresses USING (connection_id)`,
  )
}

it('refuses while somebody holds a lease, and changes nothing', async () => {
  const before = await stored()
  await expect(beginNewEpoch(db, EVIDENCE, 'root')).rejects.toMatchObject({ code: 'ledger_in_use' })
  expect(await stored()).toEqual(before)
  expect(await overridesOf(db, 'acme', 10)).toEqual([])
})

it('begins a new epoch without cursors, proofs and leases, and keeps who and why', async () => {
  await db.query(`UPDATE addresses SET lease_expires_at = now() - interval '1 second'`)
  expect(await beginNewEpoch(db, EVIDENCE, 'root')).toEqual({ connections: ['acme'] })
  expect(await stored()).toEqual([
    {
      epoch: 2,
      emarketeer_cursor: null,
      crm_cursor: null,
      emarketeer_proven_tick: 0,
      crm_proven_tick: 0,
      lease_owner: null,
      lease_expires_at: null,
      lease_token: 4,
    },
  ])
  expect(await overridesOf(db, 'acme', 10)).toMatchObject([
    { subject: 'ledger', action: 'restored', ...EVIDENCE },
  ])
})
