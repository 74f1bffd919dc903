import { expect, it } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { acquireLeases } from '../../src/ledger/address/leases.js'
import { ensureAddresses } from '../../src/ledger/address/addresses.js'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { seeContactsAgain, seeRowsAgain } from '../../src/ledger/copy/crm-listing.js'
import { saveCrmContacts, saveCrmSubscriptions } from '../../src/ledger/copy/crm-mirror-rows.js'
import { openDatabase, type Queryable } from '../../src/ledger/db/database.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()
const connectionId = 'acme'
const numbers = Array.from({ length: 1_000 }, (_, n) => n)

/** Updates of a table in this transaction: those that wrote a new version, and those that needed no entry in an index. */
async function updatesOf(tx: Queryable, table: string) {
  const [row] = await tx.query<{ all: number; withoutIndex: number }>(
    `SELECT n_tup_upd AS all, n_tup_hot_upd AS "withoutIndex" FROM pg_stat_xact_user_tables WHERE relname = $1`,
    [table],
  )
  return row
}

it('notes what was seen or leased beside the row, without touching an index', async () => {
  const db = openDatabase(database.url)
  await saveConnection(db, {
    connectionId,
    accountId: '1001',
    crm: 'dynamics',
    config: {},
    legalBasisSync: true,
    subscriptionSync: true,
    createMissing: 'none',
    newlyMailableLimit: 100,
    subscriptionRowsPerDay: 100,
  })
  const emails = numbers.map((n) => `p${n}@example.com`)
  const addressIds = await ensureAddresses(db, connectionId, emails)
  const window = { readFrom: 1, readTo: 2 }
  const contacts = emails.map((email, n) => ({
    crmContactId: `c${n}`,
    email,
    addressId: addressIds.get(email)!,
    state: 'live' as const,
    mergedInto: null,
    registeredAtMs: null,
    unusableAddress: false,
    addressHidden: false,
    consents: {},
    ...window,
  }))
  const rows = numbers.map((n) => ({
    rowId: `r${n}`,
    crmContactId: `c${n}`,
    categoryId: 'c1',
    subscribed: true,
    version: `W/"${n}"`,
    foreign: false,
    ...window,
  }))
  await db.transaction(async (tx) => {
    await saveCrmContacts(tx, connectionId, contacts)
    await saveCrmSubscriptions(tx, connectionId, rows)
  })

  await db.transaction(async (tx) => {
    const later = { from: 3, to: 4 }
    expect((await seeContactsAgain(tx, connectionId, contacts, later)).size).toBe(numbers.length)
    expect((await seeRowsAgain(tx, connectionId, rows, later)).size).toBe(numbers.length)
    const leases = await acquireLeases(tx, randomUUID(), [...addressIds.values()])
    expect(leases).toHaveLength(numbers.length)
    const each = { all: numbers.length, withoutIndex: numbers.length }
    expect(await updatesOf(tx, 'crm_contacts')).toEqual(each)
    expect(await updatesOf(tx, 'crm_subscriptions')).toEqual(each)
    // A lease makes the row longer, so that the last ones of a page find no room.
    const leased = await updatesOf(tx, 'addresses')
    expect(leased!.all).toBe(numbers.length)
    expect(leased!.withoutIndex).toBeGreaterThan(numbers.length / 2)
  })
  await db.close()
})
