import { describe, expect, it } from '@jest/globals'
import { categoriesStep } from '../../src/activities/setup/steps-of.js'
import { runStep } from '../../src/activities/setup/run-step.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import { findConnection } from '../../src/ledger/connection/connections.js'
import { noticesOf, noticeSentences } from '../../src/connection/notices.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { dynamicsRows } from './support/person-state.js'
import type { Person } from './support/person.js'
import { lateWrite } from './support/twists.js'
import { withWorld } from './support/world.js'

const world = withWorld()
const ALL_YES = ['c1:true', 'c2:true']

describe('a category that a colleague added in Dynamics (D3)', () => {
  it('is ignored, and named in the status of set-up and sweep and by connection show, until it is gone', async () => {
    const add = (em_name: string) =>
      world.now.standIns.dynamics<{ id: string }>('POST', 'rows/em_subscriptioncategories', {
        values: { em_name },
      })
    const rows = [
      await add('Weekly\ttips'),
      await add(`Ask kari.nordmann@example.com ${'x'.repeat(70)}`),
    ]
    await world.now.sweep()
    const told = async () => {
      const connection = (await findConnection(world.now.db, CONNECTION_ID))!
      return noticesOf(world.now.db, connection, CRM_DRIVERS.get('dynamics')!)
    }
    const named = (await told()).foreignCategories
    expect(named).toEqual(['Weekly tips', expect.stringMatching(/^Ask \*{3}@\*{3} x+…$/)])
    expect(named[1]).toHaveLength(60)
    const [sentence] = noticeSentences(await told())
    expect(sentence).toMatch(
      /^Categories that somebody added in the CRM, which are ignored .*“Weekly tips”/,
    )
    const session = await world.now.session('setup')
    const sessions = { first: session, reopen: async () => session, keep: async () => {} }
    expect(await runStep(categoriesStep, sessions, null)).toEqual({
      state: 'done',
      note: `2 categories. ${sentence}`,
    })
    for (const { id } of rows) {
      await world.now.standIns.dynamics('DELETE', `rows/em_subscriptioncategories/${id}`)
    }
    await world.now.sweep()
    expect((await told()).foreignCategories).toEqual([])
  })
})

describe('subscriptions of a contact', () => {
  it('gives a new person a row for every category, all on Yes (D5)', async () => {
    const ann = await world.now.linked()
    expect(await ann.state()).toMatchObject({
      rows: ALL_YES,
      subscriptions: { c1: true, c2: true },
    })
    expect(await ann.events()).toEqual([])
  })

  it('takes a No from a form of eMarketeer to Dynamics, and the Yes that follows (D4)', async () => {
    const ann = await world.now.linked()
    await ann.subscribes('c1', false)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ rows: ['c1:false', 'c2:true'] })
    await ann.subscribes('c1', true)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ rows: ALL_YES })
    expect(await ann.events()).toMatchObject([
      { cellKey: 'category:c1', movedSide: 'emarketeer', crmNew: 'deny' },
      { cellKey: 'category:c1', movedSide: 'emarketeer', crmNew: 'allow' },
    ])
  })

  it("takes a colleague's No to eMarketeer, and the Yes that follows (D4)", async () => {
    const ann = await world.now.linked()
    await ann.flipSubscription('c2', false)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ subscriptions: { c1: true, c2: false } })
    await ann.flipSubscription('c2', true)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      subscriptions: { c1: true, c2: true },
      rows: ALL_YES,
    })
    expect((await ann.events()).map((event) => event.cellKey)).toEqual([
      'category:c2',
      'category:c2',
    ])
  })

  it('takes the No of either side when both acted', async () => {
    const ann = await world.now.linked()
    await ann.subscribes('c1', false)
    await world.now.sweep()
    await ann.flipSubscription('c1', true)
    await ann.subscribes('c1', true)
    await ann.subscribes('c1', false)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      subscriptions: { c1: false },
      rows: ['c1:false', 'c2:true'],
    })
  })

  it('does not make a person mailable by a Yes (D6)', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flipSubscription('c1', false)
    await world.now.sweep()
    await ann.flipSubscription('c1', true)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('writes a row again that a colleague deleted, with the value of eMarketeer (D3)', async () => {
    const ann = await world.now.linked()
    await ann.subscribes('c1', false)
    await world.now.sweep()
    for (const row of await rowsOf(ann.crmIds[0]!)) {
      await world.now.standIns.dynamics('DELETE', `rows/em_subscriptions/${row.id}`)
    }
    expect(await ann.state()).toMatchObject({ rows: [] })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      rows: ['c1:false', 'c2:true'],
      subscriptions: { c1: false, c2: true },
    })
  })

  it('keeps a No when an earlier call that made the row lands late (D4)', async () => {
    const ann = await world.now.linked()
    for (const row of await rowsOf(ann.crmIds[0]!)) {
      await world.now.standIns.dynamics('DELETE', `rows/em_subscriptions/${row.id}`)
    }
    const late = lateWrite('crm')
    await expect(world.now.sweep(late.twist)).rejects.toThrow('no answer yet')
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ rows: ALL_YES })
    await ann.flipSubscription('c1', false)
    await late.lands()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({
      rows: ['c1:false', 'c2:true'],
      subscriptions: { c1: false, c2: true },
    })
  })

  it('takes an empty row for neither a Yes nor a No, and leaves it (D3)', async () => {
    const ann = await world.now.linked()
    const [row] = await rowsOf(ann.crmIds[0]!)
    await world.now.standIns.dynamics('PATCH', `rows/em_subscriptions/${row!.id}`, {
      as: 'Sales Rep',
      values: { em_subscribed: null },
    })
    await world.now.sweep()
    const state = await ann.state()
    expect(state.subscriptions).toEqual({ c1: true, c2: true })
    expect(state.rows.filter((text) => text.endsWith(':null'))).toHaveLength(1)
    expect(await ann.events()).toEqual([])
  })
})

describe('categories', () => {
  it('brings a new category to Dynamics with a row for everybody, and follows rename and archive', async () => {
    const ann = await world.now.linked()
    const bo = await world.now.linked()
    await world.now.standIns.emarketeer.post('accounts/1001/categories', { id: 'c9', name: 'Jobs' })
    await ann.subscribes('c9', false)
    await world.now.sweep()
    expect((await ann.state()).rows).toContain('c9:false')
    expect((await bo.state()).rows).toContain('c9:true')

    await world.now.standIns.emarketeer.post('accounts/1001/categories/c9/rename', { name: 'Work' })
    await world.now.sweep()
    expect(await categoryRow('c9')).toMatchObject({ em_name: 'Work', em_archived: false })

    await world.now.standIns.emarketeer.post('accounts/1001/categories/c9/archive')
    await world.now.sweep()
    expect(await categoryRow('c9')).toMatchObject({ em_archived: true })
    await bo.flipSubscription('c9', false)
    await world.now.sweep()
    expect((await bo.events()).map((event) => event.cellKey)).toEqual([])
  })

  it('reports and ignores a category that someone added in Dynamics, and its rows', async () => {
    const ann = await world.now.linked()
    const made = await world.now.standIns.dynamics<{ id: string }>(
      'POST',
      'rows/em_subscriptioncategories',
      { as: 'Sales Rep', values: { em_name: 'Our own' } },
    )
    await world.now.standIns.dynamics('POST', 'rows/em_subscriptions', {
      as: 'Sales Rep',
      values: { em_contact: ann.crmIds[0], em_category: made.id, em_subscribed: false },
    })
    await world.now.sweep()
    const state = await ann.state()
    expect(state.subscriptions).toEqual({ c1: true, c2: true })
    expect(await ann.events()).toEqual([])
    expect(JSON.stringify(await world.now.standIns.emarketeer.get('accounts'))).not.toContain(
      'Our own',
    )
  })

  it("writes rows within a day's budget, those that say No first (D3)", async () => {
    const people: Person[] = []
    for (let n = 0; n < 4; n += 1) {
      people.push(await world.now.linked())
    }
    const used = await world.now.db.query<{ n: number }>(
      `SELECT rows_written AS n FROM daily_row_usage`,
    )
    await world.now.configure({ subscriptionRowsPerDay: used[0]!.n + 2 })
    await world.now.standIns.emarketeer.post('accounts/1001/categories', { id: 'c5', name: 'Late' })
    await people[2]!.subscribes('c5', false)
    await people[3]!.subscribes('c5', false)
    const { counts } = await world.now.sweep()
    expect(counts.rowsPostponed).toBeGreaterThanOrEqual(2)
    const rows = async () =>
      Promise.all(people.map(async (p) => (await p.state()).rows.filter((r) => r.startsWith('c5'))))
    expect(await rows()).toEqual([[], [], ['c5:false'], ['c5:false']])
    await world.now.db.query(`UPDATE daily_row_usage SET day = day - 1`)
    await world.now.timePasses()
    await world.now.sweep()
    expect(await rows()).toEqual([['c5:true'], ['c5:true'], ['c5:false'], ['c5:false']])
    await world.now.configure({})
  })
})

async function rowsOf(contactId: string) {
  const rows = await dynamicsRows(world.now, 'em_subscriptions')
  return rows.filter((row) => row['em_contact'] === contactId)
}

async function categoryRow(categoryId: string) {
  const rows = await dynamicsRows(world.now, 'em_subscriptioncategories')
  return rows.find((row) => row['em_categoryid'] === categoryId)
}
