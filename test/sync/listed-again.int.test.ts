import { describe, expect, it } from '@jest/globals'
import { readManyStates } from '../../src/emarketeer/index.js'
import { nextTick } from '../../src/ledger/db/database.js'
import { upsertStates } from '../../src/sync/mirror/upsert-states.js'
import { expireCursor } from './support/cursors.js'
import { CONNECTION_ID } from './support/open-systems.js'
import type { Person } from './support/person.js'
import { withWorld } from './support/world.js'

const world = withWorld()

const CONTACT = `state, merged_into, address_id, unusable_address, address_untold, registered_at_ms, consents`
const ROW = `crm_contact_id, category_id, subscribed, version, is_foreign`

async function contactOf({ crmIds }: Person) {
  return world.now.db.query<object>(
    `SELECT ${CONTACT}, (SELECT count(*) FROM crm_other_addresses o WHERE o.crm_contact_id = c.crm_contact_id) AS others
      FROM crm_contacts c WHERE crm_contact_id = $1`,
    [crmIds[0]],
  )
}

async function rowIdsOf({ crmIds }: Person): Promise<string[]> {
  const rows = await world.now.db.query<{ id: string }>(
    `SELECT row_id AS id FROM crm_subscriptions WHERE crm_contact_id = $1 ORDER BY row_id`,
    [crmIds[0]],
  )
  return rows.map((row) => row.id)
}

async function readAgain(): Promise<void> {
  await expireCursor(world.now, 'crm')
  await world.now.sweep()
}

describe('a complete listing of what the copy has', () => {
  it('is noted as seen, and makes nobody due', async () => {
    const ann = await world.now.linked()
    const readTo = async () =>
      world.now.db.query<{ at: number }>(
        `SELECT read_to AS at FROM crm_contacts WHERE crm_contact_id = $1
          UNION ALL SELECT read_to FROM crm_subscriptions WHERE crm_contact_id = $1`,
        [ann.crmIds[0]],
      )
    const tick = await nextTick(world.now.db)
    await expireCursor(world.now, 'crm')
    const { counts } = await world.now.sweep()
    expect(counts.addresses).toBe(0)
    const seen = await readTo()
    expect(seen.length).toBeGreaterThan(1)
    expect(seen.filter(({ at }) => at < tick)).toEqual([])
  })

  it.each([
    ['state', `state = 'deactivated'`],
    ['survivor of a merge', `merged_into = 'x'`],
    ['address', `address_id = NULL`],
    ['unusable address', `unusable_address = true`],
    ['hidden address', `address_untold = true`],
    ['time', `registered_at_ms = COALESCE(registered_at_ms, 0) + 1`],
    ['value', `consents = jsonb_set(consents, '{marketingSendouts,value}', '"deny"')`],
    ['version', `consents = jsonb_set(consents, '{marketingSendouts,version}', '"W/\\"0\\""')`],
    ['consents', `consents = '{}'`],
  ])('takes in a contact whose %s differs', async (_, other) => {
    const ann = await world.now.linked()
    const before = await contactOf(ann)
    await world.now.db.query(`UPDATE crm_contacts SET ${other} WHERE crm_contact_id = $1`, [
      ann.crmIds[0],
    ])
    expect(await contactOf(ann)).not.toEqual(before)
    await readAgain()
    expect(await contactOf(ann)).toEqual(before)
  })

  it('takes in a contact that has lost another address', async () => {
    const ann = await world.now.linked()
    const before = await contactOf(ann)
    await world.now.db.query(
      `INSERT INTO crm_other_addresses (connection_id, crm_contact_id, address_id, deny_only)
        SELECT connection_id, crm_contact_id, address_id, true FROM crm_contacts WHERE crm_contact_id = $1`,
      [ann.crmIds[0]],
    )
    await readAgain()
    expect(await contactOf(ann)).toEqual(before)
  })

  it('takes in a contact that has got another address', async () => {
    const ann = await world.now.linked()
    await ann.edit({ emailaddress2: `second-${ann.email}` })
    await readAgain()
    expect(await contactOf(ann)).toMatchObject([{ others: 1 }])
  })

  it.each([
    ['contact', `crm_contact_id = 'x'`],
    ['category', `category_id = NULL`],
    ['value', `subscribed = NOT subscribed`],
    ['version', `version = 'W/"0"'`],
    ['owner', `is_foreign = true`],
  ])('takes in a subscription row whose %s differs', async (_, other) => {
    const ann = await world.now.linked()
    const [rowId] = await rowIdsOf(ann)
    const read = () =>
      world.now.db.query(`SELECT ${ROW} FROM crm_subscriptions WHERE row_id = $1`, [rowId])
    const before = await read()
    await world.now.db.query(`UPDATE crm_subscriptions SET ${other} WHERE row_id = $1`, [rowId])
    expect(await read()).not.toEqual(before)
    await readAgain()
    expect(await read()).toEqual(before)
  })
})

describe('a page of the walk over eMarketeer that was read while the former one was stored', () => {
  it('leaves an address of both pages unread, and the withdrawal is found', async () => {
    const ann = await world.now.linked()
    const session = await world.now.session()
    const statesNow = async () => {
      const asked = { contactIds: [ann.contactId] }
      return (await readManyStates(session.emarketeer, asked, undefined, session.call)).items
    }
    const store = (items: Awaited<ReturnType<typeof statesNow>>, tick: number) =>
      world.now.db.transaction((tx) =>
        upsertStates(tx, CONNECTION_ID, items, tick, { overlaps: true }),
      )
    await ann.consents('legitimateInterest')
    const former = await statesNow()
    const formerTick = await nextTick(world.now.db)
    await ann.unsubscribe()
    const tick = await nextTick(world.now.db)
    const next = await statesNow()
    await store(former, formerTick)
    await store(next, tick)
    const [row] = await world.now.db.query<{ unread: boolean }>(
      `SELECT emarketeer_unread AS unread FROM addresses WHERE address = $1`,
      [ann.email],
    )
    expect(row).toEqual({ unread: true })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })
})
