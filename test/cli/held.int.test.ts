import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { heldLoosenings } from '../../src/ledger/run/runs.js'
import { approveHeld, rejectHeld } from '../../src/sync/run/held.js'
import { withDatabase } from '../support/with-database.js'
import { settings } from '../support/settings.js'

const database = withDatabase()
const VERDICT = { connectionId: 'acme', reason: 'asked the customer', by: 'Kari' }
const RUN = '00000000-0000-4000-8000-000000000001'
let db: Database

beforeAll(async () => {
  db = openDatabase(database.url)
  for (const [connectionId, accountId] of [
    ['acme', '1001'],
    ['other', '1002'],
  ] as const) {
    await saveConnection(db, settings({ connectionId, accountId, newlyMailableLimit: 0 }))
  }
})

afterAll(() => db.close())

/** Two held cells and a staged one of acme, a held one of the other connection. */
beforeEach(async () => {
  await db.query('DELETE FROM addresses')
  for (const [connectionId, address, state] of [
    ['acme', 'a@example.test', 'held'],
    ['acme', 'b@example.test', 'held'],
    ['acme', 'c@example.test', 'staged'],
    ['other', 'a@example.test', 'held'],
  ]) {
    await db.query(
      `WITH a AS (INSERT INTO addresses (connection_id, address) VALUES ($1, $2) RETURNING address_id),
        c AS (INSERT INTO cells (address_id, cell_key, emarketeer_basis, emarketeer_version, seen,
          last_positive_act_ms, last_deny_act_ms)
          SELECT address_id, 'marketingSendouts', 'withdrawn', 3, '{"version":3,"epoch":1}', 500, 600 FROM a)
        INSERT INTO loosenings (address_id, cell_key, connection_id, run_id, line, state)
          SELECT address_id, 'marketingSendouts', $1, $3, 'T3', $4 FROM a`,
      [connectionId, address, RUN, state],
    )
  }
})

const stateOf = () =>
  db.query<{ connectionId: string; address: string }>(
    `SELECT connection_id AS "connectionId", address, state, dirty_tick IS NOT NULL AS due, seen->>'epoch' AS epoch,
        last_positive_act_ms AS positive, last_deny_act_ms > 600 AS "deniedNow"
      FROM addresses JOIN cells USING (address_id) LEFT JOIN loosenings USING (address_id, cell_key, connection_id)
      ORDER BY connection_id, address`,
  )

const untouched = { epoch: '1', positive: 500, deniedNow: false, due: false }
const elsewhere = { connectionId: 'other', address: 'a@example.test', state: 'held', ...untouched }
const staged = { connectionId: 'acme', address: 'c@example.test', state: 'staged', ...untouched }

async function overrides() {
  return db.query(
    `SELECT subject, action, reason, by_whom AS by, jsonb_array_length(detail->'cells') AS cells FROM overrides
      ORDER BY recorded_at DESC LIMIT 1`,
  )
}

describe('what is held', () => {
  it('is approved together: due immediately, and nothing seen is forgotten', async () => {
    const { cells, addressIds } = await approveHeld(db, VERDICT)
    expect([cells, addressIds.length]).toEqual([2, 2])
    expect(await stateOf()).toMatchObject([
      { address: 'a@example.test', ...untouched, state: 'approved', due: true },
      { address: 'b@example.test', ...untouched, state: 'approved', due: true },
      staged,
      elsewhere,
    ])
    expect(await overrides()).toEqual([
      { subject: 'held', action: 'approved', reason: VERDICT.reason, by: 'Kari', cells: 2 },
    ])
  })

  it('is rejected together: nothing earlier proves an allow any more', async () => {
    await rejectHeld(db, VERDICT)
    const rejected = { state: null, due: true, epoch: '-1', positive: null, deniedNow: true }
    expect(await stateOf()).toMatchObject([
      { address: 'a@example.test', ...rejected },
      { address: 'b@example.test', ...rejected },
      staged,
      elsewhere,
    ])
    expect(await overrides()).toMatchObject([{ action: 'rejected', by: 'Kari' }])
    expect(await heldLoosenings(db, 'acme')).toEqual([])
  })

  it('leaves no evidence where there is nothing to decide', async () => {
    await approveHeld(db, VERDICT)
    const before = await db.query('SELECT count(*) FROM overrides')
    expect(await approveHeld(db, VERDICT)).toEqual({ cells: 0, addressIds: [] })
    expect(await db.query('SELECT count(*) FROM overrides')).toEqual(before)
  })
})
