import { afterAll, beforeAll, describe, expect, it } from '@jest/globals'
import type { CrmChangePage, CrmClient, CrmWrite } from '../../../src/crm/crm.js'
import { runSteps } from './support/run-steps.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

let standIn: StandIn
let crm: CrmClient
let count = 0
const news = { categoryId: '12', name: 'Newsletters', archived: false }
const events = { categoryId: 'Ä/1', name: 'Events', archived: false }

beforeAll(async () => {
  standIn = await startStandIn({ keyActivationReads: 0 })
  crm = standIn.open(await runSteps(standIn))
  await crm.syncCategories([news, events], {})
})
afterAll(async () => {
  await standIn.close()
})

async function contact(): Promise<string> {
  count += 1
  const values = { emailaddress1: `s${count}@example.com` }
  return (await standIn.control<{ id: string }>('POST', 'rows/contact', { values })).id
}

function create(contactId: string, subscribed: boolean, category = news): CrmWrite {
  const { categoryId, name: categoryName } = category
  return { kind: 'createSubscription', contactId, categoryId, categoryName, subscribed }
}

async function rowsOf(contactId: string) {
  const reading = await crm.read({ by: 'contactId', contactIds: [contactId] }, {})
  return reading.subscriptions
}

async function changes(cursor: string | null) {
  const pages: CrmChangePage[] = []
  for await (const page of crm.readChanges(cursor, {})) {
    pages.push(page)
  }
  return { pages, next: pages.at(-1)?.nextCursor ?? '' }
}

describe('categories', () => {
  it('are made, renamed and archived by id, and a second time left alone', async () => {
    const renamed = [
      { ...news, name: 'News' },
      { ...events, archived: true },
    ]
    expect(await crm.syncCategories([news, events], {})).toEqual({
      created: 0,
      updated: 0,
      foreign: [],
    })
    expect(await crm.syncCategories(renamed, {})).toMatchObject({ created: 0, updated: 2 })
    expect(await crm.syncCategories(renamed, {})).toMatchObject({ created: 0, updated: 0 })
  })

  it('that someone added in Dynamics are named, and rows of them belong to no category (D3)', async () => {
    const category = await standIn.control<{ id: string }>(
      'POST',
      'rows/em_subscriptioncategories',
      {
        values: { em_name: 'Rep’s own' },
      },
    )
    await standIn.control('POST', 'rows/em_subscriptioncategories', { values: { em_name: null } })
    expect(await crm.syncCategories([news, events], {})).toMatchObject({
      foreign: ['Rep’s own', '(without a name)'],
    })
    const id = await contact()
    await standIn.control('POST', 'rows/em_subscriptions', {
      values: { em_contact: id, em_category: category.id, em_subscribed: true },
    })
    expect(await rowsOf(id)).toMatchObject([{ categoryId: null, foreign: false }])
  })

  it('with long names are cut between characters', async () => {
    const long = { categoryId: '77', name: '😀'.repeat(120), archived: false }
    await crm.syncCategories([long], {})
    expect(await crm.syncCategories([long], {})).toMatchObject({ created: 0, updated: 0 })
  })
})

describe('subscription rows', () => {
  it('are created in one request, read back, toggled and deleted by their version', async () => {
    const [first, second] = [await contact(), await contact()]
    const made = await crm.write(
      [create(first, true), create(first, false, events), create(second, false)],
      {},
    )
    expect(made).toEqual(Array(3).fill({ status: 'applied', version: null, rowId: null }))
    const rows = await rowsOf(first)
    expect(rows.map((row) => [row.categoryId, row.subscribed, row.foreign])).toEqual(
      expect.arrayContaining([
        ['12', true, false],
        ['Ä/1', false, false],
      ]),
    )
    const row = rows.find((one) => one.categoryId === '12')
    const write = { kind: 'subscription' as const, rowId: row?.rowId ?? '', subscribed: false }
    const toggle = { ...write, expectedVersion: row?.version ?? '' }
    const [applied] = await crm.write([toggle], {})
    expect(applied).toMatchObject({ status: 'applied', rowId: row?.rowId })
    expect(await crm.write([toggle], {})).toEqual([{ status: 'conflict' }])
    const version = applied?.status === 'applied' ? (applied.version ?? '') : ''
    const remove = { kind: 'deleteSubscription' as const, rowId: write.rowId }
    const gone = { ...remove, expectedVersion: version }
    expect(await crm.write([gone], {})).toMatchObject([{ status: 'applied' }])
    expect(await crm.write([gone], {})).toEqual([{ status: 'gone' }])
    expect(await rowsOf(first)).toHaveLength(1)
  })

  it('that exist are never overwritten by a create, and the others of its call are created', async () => {
    const [first, second] = [await contact(), await contact()]
    await crm.write([create(first, false)], {})
    expect(await crm.write([create(first, true), create(second, true)], {})).toMatchObject([
      { status: 'conflict' },
      { status: 'applied' },
    ])
    expect(await rowsOf(first)).toMatchObject([{ subscribed: false }])
    expect(await rowsOf(second)).toMatchObject([{ subscribed: true }])
  })

  it('that a merge brought are foreign, and their contact is the surviving one', async () => {
    const [master, loser] = [await contact(), await contact()]
    await crm.write([create(master, true), create(loser, false)], {})
    await standIn.control('POST', 'merge', { master, loser })
    const rows = await rowsOf(master)
    expect(rows.map((row) => [row.subscribed, row.foreign]).sort()).toEqual([
      [false, true],
      [true, false],
    ])
  })

  it('come with the changes, from one cursor for both tables', async () => {
    const { next } = await changes(null)
    const id = await contact()
    await crm.write([create(id, true)], {})
    const [row] = await rowsOf(id)
    const first = await changes(next)
    expect(first.pages.flatMap((page) => page.contacts)).toMatchObject([{ contactId: id }])
    expect(first.pages.flatMap((page) => page.subscriptions)).toEqual([row])
    await standIn.control('DELETE', `rows/em_subscriptions/${row?.rowId}`)
    const second = await changes(first.next)
    expect(second.pages.flatMap((page) => page.deletedSubscriptionRowIds)).toEqual([row?.rowId])
    expect(second.pages.flatMap((page) => page.subscriptions)).toEqual([])
  })

  it('are listed whole by a cursor from before the tables', async () => {
    const { next } = await changes(null)
    const before = JSON.stringify({ ...JSON.parse(next), subscriptions: null })
    const { pages } = await changes(before)
    const listed = pages.filter((page) => page.subscriptions.length > 0)
    expect(listed.length).toBeGreaterThan(0)
    expect(listed.every((page) => page.baseline)).toBe(true)
  })
})
