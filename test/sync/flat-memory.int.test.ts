import { expect, it } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { unusableAddresses } from '../../src/ledger/copy/connection-counts.js'
import { crmWalkOf, beginCrmWalk } from '../../src/ledger/copy/crm-walk.js'
import { openRun, settleLoosenings } from '../../src/ledger/run/runs.js'
import { catchUpBoth } from '../../src/sync/mirror/catch-up-both.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { notingLargestRead } from './support/largest-read.js'
import { withWorld } from './support/world.js'

/** More than two pages of every reading. */
const MANY = 2_500
const PAGE = 1_000

const world = withWorld()

/** Does work, and expects that no statement returned more rows than a page has. */
async function inPages<T>(work: (db: typeof world.now.db) => Promise<T>): Promise<T> {
  const largest = { rows: 0, sql: '' }
  const result = await work(notingLargestRead(world.now.db, largest))
  expect(largest.rows > PAGE ? largest.sql : '').toBe('')
  return result
}

/** Addresses that the ledger alone knows, with a contact in eMarketeer at each. */
async function strangers(name: string, spelling: string | null): Promise<void> {
  await world.now.db.query(
    `WITH known AS (INSERT INTO addresses (connection_id, address)
        SELECT $1, $2 || n || '@x.example' FROM generate_series(1, $3) n RETURNING *)
      INSERT INTO emarketeer_contacts (connection_id, contact_id, address_id, spelling)
        SELECT $1, split_part(address, '@', 1) || suffix, address_id, NULLIF(suffix, '')
        FROM known CROSS JOIN unnest(ARRAY['', $4]) suffix WHERE suffix IS NOT NULL`,
    [CONNECTION_ID, name, MANY, spelling],
  )
}

it('reads everybody whom complete listings lack page by page', async () => {
  const { db } = world.now
  const anna = await world.now.linked()
  await strangers('gone', null)
  await db.query(
    `INSERT INTO crm_contacts (connection_id, crm_contact_id, state, consents, read_from, read_to)
      SELECT $1, id, 'live', '{}', 0, 0 FROM unnest($2::text[]) id`,
    [CONNECTION_ID, Array.from({ length: MANY }, () => randomUUID())],
  )
  await db.query(`UPDATE connections SET crm_cursor = NULL, emarketeer_cursor = NULL`)
  await inPages(async (counted) => catchUpBoth({ ...(await world.now.session()), db: counted }))
  const [left] = await db.query(
    `SELECT (SELECT count(*) FROM crm_contacts WHERE state = 'live') AS crm,
      (SELECT count(*) FROM emarketeer_contacts) AS emarketeer`,
  )
  expect(left).toEqual({ crm: 1, emarketeer: 1 })
  expect((await anna.state()).basis).toBe('consent')
})

it('counts unusable addresses without reading all of them', async () => {
  const { db } = world.now
  await strangers('spelled', 'B')
  await db.query(
    `INSERT INTO crm_contacts (connection_id, crm_contact_id, state, consents, read_from, read_to, unusable_address)
      SELECT $1, n::text, 'live', '{}', 0, 0, true FROM generate_series(1, $2) n`,
    [CONNECTION_ID, MANY],
  )
  const { crm, emarketeer } = await inPages((counted) => unusableAddresses(counted, CONNECTION_ID))
  expect([crm.count, emarketeer.count]).toEqual([MANY, MANY])
  expect(crm.contactIds).toEqual(Array.from({ length: 20 }, (_, n) => String(n + 1)))
  expect(emarketeer.contactIds.slice(0, 2)).toEqual(['spelled1B', 'spelled2B'])
})

it('holds more loosenings than the limit without reading them', async () => {
  const { db } = world.now
  const { run } = await world.now.session()
  await strangers('staged', null)
  await openRun(db, run)
  await db.query(
    `INSERT INTO loosenings (address_id, cell_key, connection_id, run_id, line, state)
      SELECT address_id, purpose, $1, $2, 'T1', 'staged' FROM addresses
        CROSS JOIN unnest(ARRAY['storeAndProcess', 'marketingSendouts']) purpose WHERE address LIKE 'staged%'`,
    [CONNECTION_ID, run.runId],
  )
  const held = await inPages((counted) =>
    counted.transaction((tx) => settleLoosenings(tx, run.runId, 100)),
  )
  expect(held).toEqual({ released: [], held: MANY })
})

it('counts the addresses of a round once, when it begins', async () => {
  const { db } = world.now
  await beginCrmWalk(db, CONNECTION_ID)
  const { total } = await crmWalkOf(db, CONNECTION_ID)
  expect(total).toBeGreaterThan(0)
  await strangers('later', null)
  expect(await crmWalkOf(db, CONNECTION_ID)).toMatchObject({ total, done: 0 })
})
