import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { disableConnection } from '../../src/ledger/connection/connection-life.js'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { openDatabase, type Database } from '../../src/ledger/db/database.js'
import { saveMembers } from '../../src/ledger/sendout/sendout-members.js'
import { openSendoutRun } from '../../src/ledger/sendout/sendouts.js'
import { blockOf } from '../support/documents.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()
let db: Database

beforeAll(() => {
  db = openDatabase(database.url)
})
afterAll(() => db.close())

const ANNA = 'anna@example.test'
const MENTION = `Anna <${ANNA}>`

/** A connection with Anna's data: her address, a text that names her, her spelling, and a list. */
async function knowsAnna(connectionId: string, accountId: string): Promise<void> {
  const settings = { legalBasisSync: true, subscriptionSync: false, createMissing: 'none' } as const
  const limits = { newlyMailableLimit: 0, subscriptionRowsPerDay: 0, config: {}, crm: 'dynamics' }
  await saveConnection(db, { connectionId, accountId, ...settings, ...limits })
  const addressId = async (address: string) => {
    const rows = await db.query<{ id: number }>(
      `INSERT INTO addresses (connection_id, address) VALUES ($1, $2) RETURNING address_id AS id`,
      [connectionId, address],
    )
    return rows[0]!.id
  }
  const [own, mention] = [await addressId(ANNA), await addressId(MENTION)]
  await db.query(
    `INSERT INTO address_mentions (address_id, mentioned_address_id) VALUES ($1, $2)`,
    [mention, own],
  )
  await db.query(
    `INSERT INTO emarketeer_contacts (connection_id, contact_id, address_id, spelling) VALUES ($1, '1', $2, 'Anna@Example.test')`,
    [connectionId, own],
  )
  const sendoutRunId = randomUUID()
  await db.transaction((tx) =>
    openSendoutRun(tx, {
      sendoutRunId,
      sendoutId: 'snd_1',
      stage: 'send',
      accountId,
      connectionId,
      crm: 'dynamics',
      workflowId: '',
      deadlineMs: Date.now(),
    }),
  )
  await saveMembers(db, sendoutRunId, [
    { position: 0, contactId: '1', email: ANNA, mobile: null, addressId: own },
  ])
}

/** Where the ledger still has her data, each as `<connection> <place>`. */
async function placesOfAnna(): Promise<string[]> {
  const rows = await db.query<{ place: string }>(
    `SELECT connection_id || ' address' AS place FROM addresses WHERE address ILIKE '%anna@example.test%'
      UNION ALL SELECT connection_id || ' spelling' FROM emarketeer_contacts WHERE spelling ILIKE '%anna@example.test%'
      UNION ALL SELECT connection_id || ' list' FROM sendout_members JOIN sendout_runs USING (sendout_run_id)
        WHERE email ILIKE '%anna@example.test%' ORDER BY place`,
  )
  return rows.map(({ place }) => place)
}

describe('the documented erasure of a person', () => {
  it("removes her from every connection of the account, and from no other account's", async () => {
    await knowsAnna('former', '1001')
    const why = { interventionId: randomUUID(), connectionId: 'former', reason: 'r', by: 'b' }
    await db.transaction((tx) => disableConnection(tx, why, false))
    await knowsAnna('present', '1001')
    await knowsAnna('stranger', '1002')
    const statements = await blockOf('docs/operating.md', 'sql', 'erased')
    expect(statements).toContain(ANNA)
    const client = new pg.Client({ connectionString: database.url })
    await client.connect()
    try {
      await client.query(statements)
    } finally {
      await client.end()
    }
    expect(await placesOfAnna()).toEqual([
      'stranger address',
      'stranger address',
      'stranger list',
      'stranger spelling',
    ])
  })
})
