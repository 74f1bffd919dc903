import { expect, it } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import {
  clearDue,
  dueMarks,
  ensureAddresses,
  markDue,
  selectNewestDue,
} from '../../src/ledger/address/addresses.js'
import { acquireLeases } from '../../src/ledger/address/leases.js'
import { saveConnection } from '../../src/ledger/connection/connections.js'
import { openDatabase } from '../../src/ledger/db/database.js'
import { withDatabase } from '../support/with-database.js'

const database = withDatabase()

it('finds what became due last, and does not pass all who wait for another day', async () => {
  const db = openDatabase(database.url)
  const connectionId = 'acme'
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
  const emails = Array.from({ length: 24 }, (_, n) => `p${String(n)}@example.com`)
  const idOf = await ensureAddresses(db, connectionId, emails)
  const ids = emails.map((email) => idOf.get(email)!)
  for (const id of ids) {
    await markDue(db, [id])
  }
  const newest = async (limit: number) =>
    (await selectNewestDue(db, connectionId, limit)).map((due) => due.addressId)
  const wait = (some: readonly number[], when: string) =>
    db.query(`UPDATE addresses SET not_before = ${when} WHERE address_id = ANY($1)`, [some])

  expect(await newest(2)).toEqual([ids[23], ids[22]])
  await wait(ids.slice(2), `now() + interval '1 day'`)
  await wait([ids[22]!], `now() - interval '1 second'`)
  expect(await newest(2)).toEqual([ids[22], ids[1]])
  // Of 24 marks, it looks at the newest 20 for one address.
  await wait([ids[22]!], `now() + interval '1 day'`)
  expect(await newest(1)).toEqual([])
  // A change marks its address anew, so it is always among the newest.
  await markDue(db, [ids[0]!])
  expect(await newest(1)).toEqual([ids[0]])

  // A listing leaves the marks that no pass has loaded.
  const marks = async () =>
    new Map((await dueMarks(db, ids)).map((d) => [d.addressId, d.dirtyTick]))
  await clearDue(db, await dueMarks(db, [ids[3]!]))
  await acquireLeases(db, randomUUID(), [ids[1]!])
  const before = await marks()
  await markDue(db, ids.slice(0, 4), { keepsMarks: true })
  const after = await marks()
  expect(ids.slice(0, 4).map((id) => after.get(id) === before.get(id))).toEqual([
    true, // due
    false, // leased
    false, // waits for another day
    false, // not due
  ])
  expect(after.get(ids[3]!)).toBeGreaterThan(0)
  await db.close()
})
