import { expect, it } from '@jest/globals'
import type { CrmContact } from '../../src/crm/crm.js'
import { findAddressRow } from '../../src/ledger/address/address-rows.js'
import { upsertCrmContacts } from '../../src/sync/mirror/upsert-crm.js'
import { type Transaction, nextTick } from '../../src/ledger/db/database.js'
import type { ReadWindow } from '../../src/domain/read-window.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { withRichWorld } from './support/rich-world.js'

const world = withRichWorld()

it('a person whom two readings meet first is in doubt at every address', async () => {
  const { db } = world.now
  const home = await world.now.linked({ rows: [] })
  const other = await world.now.linked({ rows: [] })
  const reading = (value: 'consent' | 'withdrawn', version: string): CrmContact => ({
    contactId: '4711',
    email: home.email,
    otherEmails: [other.email],
    denyOnlyEmails: [],
    state: 'live',
    mergedInto: null,
    registeredAtMs: null,
    consents: { marketingSendouts: { value, version, lastWriter: 'user' } },
  })
  const take = async (tx: Transaction, contact: CrmContact, { from, to }: ReadWindow) =>
    upsertCrmContacts(tx, CONNECTION_ID, [contact], { from, to })
  const window = { from: await nextTick(db), to: await nextTick(db) }
  await db.transaction(async (tx) => {
    let isFirst = true
    const racing: Transaction = {
      ...tx,
      query: async <Row>(sql: string, values?: readonly unknown[]) => {
        if (isFirst && sql.includes('INSERT INTO crm_contacts')) {
          isFirst = false
          await db.transaction((theirs) => take(theirs, reading('withdrawn', '2'), window))
        }
        return tx.query<Row>(sql, values)
      },
    }
    await take(racing, reading('consent', '1'), window)
  })
  for (const { email } of [home, other]) {
    expect(await findAddressRow(db, CONNECTION_ID, email)).toMatchObject({ crmDoubtful: true })
  }
})
