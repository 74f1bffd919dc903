import { describe, expect, it } from '@jest/globals'
import pg from 'pg'
import { OneChange, type RowsOf, type TwoMembers } from './support/one-change.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { preSend, type Ask } from './support/pre-send.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'
import { withWorld, type World } from './support/world.js'

const OTHER_RECORD = (value: string) =>
  `INSERT INTO crm_contacts (connection_id, crm_contact_id, address_id, state, consents, read_from, read_to)
    SELECT connection_id, 'second', address_id, state,
      jsonb_set(consents, '{marketingSendouts,value}', '"${value}"'), read_from, read_to
      FROM crm_contacts WHERE crm_contact_id = '{record}'`

/** Rows that a plain member has. */
const OWN: readonly RowsOf[] = [
  { table: 'sendout_members', where: `contact_id = '{contact}'` },
  { table: 'sendout_runs' },
  { table: 'connections', where: `connection_id = '${CONNECTION_ID}'` },
  {
    table: 'crm_times',
    prepare: [
      `INSERT INTO crm_times (connection_id) VALUES ('${CONNECTION_ID}') ON CONFLICT DO NOTHING`,
    ],
  },
  { table: 'addresses', where: `address_id = {address}` },
  { table: 'emarketeer_contacts', where: `contact_id = '{contact}'` },
  { table: 'cells', where: `address_id = {address}` },
  { table: 'crm_contacts', where: `crm_contact_id = '{record}'` },
]

/** Rows that a plain member has not. */
const MORE = (deny: string): readonly RowsOf[] => [
  { table: 'crm_contacts', where: `crm_contact_id = 'second'`, prepare: [OTHER_RECORD(deny)] },
  {
    table: 'crm_other_addresses',
    where: `address_id = {address}`,
    prepare: [
      `UPDATE crm_contacts SET consents = jsonb_set(consents, '{marketingSendouts,value}', '"${deny}"')
        WHERE crm_contact_id = '{otherRecord}'`,
      `INSERT INTO crm_other_addresses (connection_id, crm_contact_id, address_id)
        VALUES ('${CONNECTION_ID}', '{otherRecord}', {address})`,
    ],
  },
  {
    table: 'crm_other_addresses',
    where: `address_id = {otherAddress}`,
    prepare: [
      `UPDATE addresses SET emarketeer_unread = true WHERE address_id = {otherAddress}`,
      `INSERT INTO crm_other_addresses (connection_id, crm_contact_id, address_id)
        VALUES ('${CONNECTION_ID}', '{record}', {otherAddress})`,
    ],
  },
  {
    table: 'address_mentions',
    where: 'address_id = {otherAddress}',
    prepare: [
      `UPDATE cells SET emarketeer_basis = 'withdrawn' WHERE address_id = {otherAddress}`,
      `INSERT INTO address_mentions (address_id, mentioned_address_id) VALUES ({otherAddress}, {address})`,
    ],
  },
  {
    table: 'address_mentions',
    where: 'address_id = {address}',
    prepare: [
      `UPDATE cells SET emarketeer_basis = 'withdrawn' WHERE address_id = {otherAddress}`,
      `INSERT INTO address_mentions (address_id, mentioned_address_id) VALUES ({address}, {otherAddress})`,
    ],
  },
  {
    table: 'carried_denies',
    prepare: [
      `INSERT INTO carried_denies (connection_id, crm_contact_id, cell_key, reason)
        VALUES ('${CONNECTION_ID}', '{record}', 'marketingSendouts', 'merge')`,
    ],
  },
  {
    table: 'loosenings',
    prepare: [
      `INSERT INTO loosenings (address_id, cell_key, connection_id, run_id, line, state)
        VALUES ({address}, 'marketingSendouts', '${CONNECTION_ID}', gen_random_uuid(), 'T2', 'held')`,
    ],
  },
  {
    table: 'inbox',
    where: `event_id = 'deny'`,
    prepare: [
      `INSERT INTO inbox (connection_id, source, shard, entity, entity_id, crm_contact_id, says_deny, event_id)
        VALUES ('${CONNECTION_ID}', 'crm', 0, 'contact', '{record}', '{record}', true, 'deny')`,
    ],
  },
  {
    table: 'inbox',
    where: `event_id = 'deny'`,
    prepare: [
      `INSERT INTO inbox (connection_id, source, shard, entity, entity_id, crm_contact_id, says_deny, event_id, address_ids)
        VALUES ('${CONNECTION_ID}', 'crm', 0, 'contact', 'new', 'new', true, 'deny', '{ {address} }')`,
    ],
  },
  // A record that ended, of whom no pass remembers anything.
  {
    table: 'crm_contacts',
    where: `crm_contact_id = '{record}'`,
    prepare: [`UPDATE cells SET seen = NULL WHERE address_id = {address}`],
  },
]

const SECOND_ROW: RowsOf = {
  table: 'crm_subscriptions',
  where: `row_id = 'second'`,
  prepare: [
    `INSERT INTO crm_subscriptions (connection_id, row_id, crm_contact_id, category_id, subscribed, version,
        is_foreign, read_from, read_to)
      VALUES ('${CONNECTION_ID}', 'second', '{record}', 'c1', false, '1', false, 0, 0)`,
  ],
}

/** Columns that hold no other value, by their own rules. */
const FIXED = ['addresses.address_id', 'inbox.inbox_id']

/** In each world, the conditions that no change needs. */
const needless: (readonly string[])[] = []

describe('after any one change of any row that the gate reads, the statement asks or says what the gate says', () => {
  describe('in Dynamics', () => {
    const world = withWorld()

    it('of a sendout with a category', async () => {
      const people = [await world.now.person(), await world.now.person()]
      await world.now.sweep()
      await world.now.sweep()
      const { of, ids } = await sent(world.now, people, { contactIds: [], categoryId: 'c1' })
      const rows: RowsOf[] = [
        ...OWN,
        ...MORE('deny'),
        { table: 'crm_subscriptions', where: `crm_contact_id = '{record}'` },
        { table: 'categories' },
        SECOND_ROW,
      ]
      expect(ids).toMatchObject({ record: people[0]!.crmIds[0] })
      needless.push(await expectSame(world.now.databases.ownerUrl, of, rows))
    }, 1_200_000)
  })

  describe('in SuperOffice', () => {
    const superoffice = withSuperOfficeWorld()

    it('of a sendout', async () => {
      const world = superoffice.now as unknown as World
      const people = [await superoffice.now.person(), await superoffice.now.person()]
      await superoffice.now.sweep()
      await superoffice.now.sweep()
      const ask = { contactIds: [], crm: 'superoffice-online' }
      const { of } = await sent(world, people, ask)
      const rows: RowsOf[] = [
        ...OWN,
        ...MORE('withdrawn'),
        SECOND_ROW,
        {
          table: 'categories',
          prepare: [
            `INSERT INTO categories (connection_id, category_id, name, archived)
              VALUES ('${CONNECTION_ID}', 'c1', 'News', false)`,
          ],
        },
        {
          table: 'crm_contacts',
          where: `crm_contact_id = '{record}'`,
          prepare: [
            `UPDATE crm_contacts SET consents = jsonb_set(consents, '{marketingSendouts,lastWriter}', '"us"')
              WHERE crm_contact_id = '{record}'`,
          ],
        },
        {
          table: 'crm_contacts',
          where: `crm_contact_id = '{record}'`,
          prepare: [
            `UPDATE crm_contacts SET left_with = jsonb_build_object('marketingSendouts', jsonb_build_object('seen',
                jsonb_build_object('recordId', crm_contact_id, 'value', 'withdrawn', 'version', '-9', 'want',
                  consents -> 'marketingSendouts' -> 'value')))
              WHERE crm_contact_id = '{record}'`,
          ],
        },
      ]
      needless.push(await expectSame(superoffice.ownerUrl, of, rows))
    }, 1_200_000)
  })

  it('and needs each of its conditions', () => {
    const [first = [], ...others] = needless
    expect(others).toHaveLength(1)
    const inAll = first.filter((condition) => others.every((some) => some.includes(condition)))
    expect(inAll).toEqual([
      // A pass that is due may change what the gate says later, and nothing that it says now.
      expect.stringContaining('dirty_tick'),
      // Without a value the gate says the same of the made-up record.
      expect.stringContaining('c.store IS NOT NULL'),
      // A row without a readable category counts for the one where it was last seen.
      expect.stringContaining('s.of_category'),
    ])
  })
})

/** @returns conditions that no change needs. */
async function expectSame(
  ownerUrl: string,
  of: Omit<TwoMembers, 'owner'>,
  rows: readonly RowsOf[],
): Promise<readonly string[]> {
  const changed = await asOwner(ownerUrl, (owner) =>
    new OneChange({ ...of, owner }).changeAll(rows),
  )
  expect(changed.differing).toEqual([])
  expect(changed.unchanged).toEqual([])
  expect(changed.untaken.filter((one) => !FIXED.includes(one))).toEqual([])
  return changed.needless
}

/** Works as the database's owner. The client ends before the world drops its database. */
async function asOwner<T>(url: string, work: (owner: pg.Client) => Promise<T>): Promise<T> {
  const owner = new pg.Client({ connectionString: url })
  await owner.connect()
  try {
    return await work(owner)
  } finally {
    await owner.end()
  }
}

/** A decided sendout to two members, and the ids of their rows. */
async function sent(
  world: World,
  people: readonly { readonly contactId: string; readonly email: string }[],
  ask: Ask,
): Promise<{
  readonly of: Omit<TwoMembers, 'owner'>
  readonly ids: Readonly<Record<string, string>>
}> {
  const contactIds = people.map(({ contactId }) => contactId)
  const { result } = await preSend(world, { ...ask, contactIds })
  expect(result.eligible).toBe(2)
  const members = await world.db.query<{ run: string; address: number; contact: string }>(
    `SELECT sendout_run_id AS run, address_id AS address, contact_id AS contact FROM sendout_members
      WHERE contact_id = ANY($1)`,
    [contactIds],
  )
  const idsOf = async (contactId: string) => {
    const { address } = members.find(({ contact }) => contact === contactId)!
    const [record] = await world.db.query<{ id: string }>(
      `SELECT crm_contact_id AS id FROM crm_contacts WHERE address_id = $1`,
      [address],
    )
    return { address: String(address), contact: contactId, record: record!.id }
  }
  const [one, other] = [await idsOf(contactIds[0]!), await idsOf(contactIds[1]!)]
  const ids = {
    ...one,
    otherAddress: other.address,
    otherContact: other.contact,
    otherRecord: other.record,
  }
  const session = await world.session('preSend')
  return { of: { session, sendoutRunId: members[0]!.run, ids }, ids }
}
