import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import { randomUUID } from 'node:crypto'
import { upsertCrmContacts } from '../../src/sync/mirror/upsert-crm.js'
import { liveCrmContactsAt, type StoredCrmContact } from '../../src/ledger/copy/crm-mirror-rows.js'
import { findAddressRow } from '../../src/ledger/address/address-rows.js'
import type { ReadWindow } from '../../src/domain/read-window.js'
import { nextTick } from '../../src/ledger/db/database.js'
import { CONNECTION_ID } from './support/open-systems.js'
import type { Person } from './support/person.js'
import { withWorld } from './support/world.js'
import pg from 'pg'

const world = withWorld()
const TABLES = ['consent_events', 'consent_event_outcomes', 'overrides'] as const

describe('evidence', () => {
  let owner: pg.Client

  beforeAll(async () => {
    owner = new pg.Client(world.now.databases.ownerUrl)
    await owner.connect()
  })
  afterAll(() => owner.end())

  const changes = (table: string) => [
    `UPDATE ${table} SET recorded_at = now()`,
    `DELETE FROM ${table}`,
    `TRUNCATE ${table} CASCADE`,
  ]

  it.each(TABLES)('of %s cannot be changed by the application', async (table) => {
    for (const sql of changes(table)) {
      await expect(world.now.db.query(sql)).rejects.toMatchObject({
        code: 'database_login_unfit',
        cause: { message: expect.stringContaining('permission denied') },
      })
    }
  })

  it.each(TABLES)('of %s cannot be changed by its owner either', async (table) => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await world.now.sweep()
    for (const sql of changes(table)) {
      await expect(owner.query(sql)).rejects.toThrow('append-only')
    }
    expect(await ann.events()).toHaveLength(1)
  })

  it('names the act, its line, its inputs and the run for every decision that wrote (F6)', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny', 'Sven Seller')
    await ann.webhook(true, randomUUID())
    await world.now.drain()
    const [event] = await world.now.db.query<Record<string, unknown>>(
      `SELECT e.* FROM consent_events e JOIN addresses a USING (address_id) WHERE a.address = $1`,
      [ann.email],
    )
    expect(event).toMatchObject({
      line: 'T2',
      tier: 'webhook',
      moved_side: 'crm',
      ambiguous: false,
    })
    expect(event!['inputs']).toMatchObject({ crmMoved: true, emarketeerMoved: false })
    expect(String(event!['workflow_id'])).toMatch(/^test:/)
    expect(event!['acted_from']).not.toBeNull()
    const outcomes = await world.now.db.query(
      `SELECT side, outcome, version FROM consent_event_outcomes WHERE event_id = $1`,
      [event!['event_id']],
    )
    expect(outcomes).toEqual([{ side: 'emarketeer', outcome: 'applied', version: '2' }])
  })
})

describe('readings and their order', () => {
  const window = async (): Promise<ReadWindow> => ({
    from: await nextTick(world.now.db),
    to: await nextTick(world.now.db),
  })
  const take = (person: Person, value: 'allow' | 'deny', version: string, at: ReadWindow) =>
    world.now.db.transaction((tx) =>
      upsertCrmContacts(tx, CONNECTION_ID, [reading(person, value, version)], at),
    )
  const stored = async (person: Person): Promise<StoredCrmContact> => {
    const row = await addressOf(person)
    return (await liveCrmContactsAt(world.now.db, [row.addressId]))[0]!
  }

  it('let a stale reading overwrite no newer one', async () => {
    const ann = await world.now.linked()
    const earlier = await window()
    const later = await window()
    await take(ann, 'deny', 'W/"later"', later)
    await take(ann, 'allow', 'W/"earlier"', earlier)
    expect((await stored(ann)).consents.marketingSendouts).toMatchObject({ value: 'deny' })
    expect((await addressOf(ann)).crmDoubtful).toBe(false)
  })

  it('are in doubt where they overlap and differ, until the record is read directly', async () => {
    const ann = await world.now.linked()
    const from = await nextTick(world.now.db)
    const inner = await window()
    const outer = { from, to: await nextTick(world.now.db) }
    await take(ann, 'deny', 'W/"one"', inner)
    await take(ann, 'allow', 'W/"two"', outer)
    expect((await addressOf(ann)).crmDoubtful).toBe(true)
    await world.now.sweep()
    expect((await addressOf(ann)).crmDoubtful).toBe(false)
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['allow'] })
    expect(await ann.events()).toEqual([])
  })
})

async function addressOf(person: Person) {
  return (await findAddressRow(world.now.db, CONNECTION_ID, person.email))!
}

function reading(person: Person, value: 'allow' | 'deny', version: string) {
  const consent = { value, version, lastWriter: 'unknown', stamp: null } as const
  return {
    contactId: person.crmIds[0]!,
    email: person.email,
    state: 'live',
    mergedInto: null,
    otherEmails: [],
    denyOnlyEmails: [],
    registeredAtMs: null,
    consents: { marketingSendouts: consent },
  } as const
}
