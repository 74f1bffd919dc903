import { describe, expect, it } from '@jest/globals'
import { expireCursor } from './support/cursors.js'
import { withWorld } from './support/world.js'

const world = withWorld()

describe('changes that nobody reported, and cursors that are lost', () => {
  it('finds by the sweep what no webhook reported (E5)', async () => {
    const ann = await world.now.linked()
    const bo = await world.now.linked()
    await ann.flip('deny')
    await bo.unsubscribe()
    await world.now.drain()
    expect(await ann.state()).toMatchObject({ basis: 'consent' })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn' })
    expect(await bo.state()).toMatchObject({ toggles: ['deny'] })
  })

  it('passes on a flip within one drain of the inbox, whatever the hint said (E4)', async () => {
    const ann = await world.now.linked()
    await ann.flip('deny')
    await ann.webhook(false)
    await ann.webhook(false)
    const drained = await world.now.drain()
    expect(drained.nextDueMs).toBeGreaterThan(0)
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })

  it('believes the record and not the hint', async () => {
    const ann = await world.now.linked()
    await ann.webhook(true)
    await world.now.drain()
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['allow'] })
    expect(await ann.events()).toEqual([])
  })

  it('reads everything again when Dynamics forgot the token, and loosens nothing by it', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    const bo = await world.now.linked()
    const cy = await world.now.linked({ basis: 'none' })
    await bo.flip('deny')
    await expireCursor(world.now, 'crm')
    const { counts } = await world.now.sweep()
    expect(counts.decisions).toBe(1)
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await bo.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await cy.state()).toMatchObject({ basis: 'none', toggles: ['allow'] })
  })

  it('notices who is gone when it reads everything again, by asking and not by absence (F3)', async () => {
    const ann = await world.now.linked()
    const bo = await world.now.linked()
    await ann.deletedInCrm()
    await expireCursor(world.now, 'crm')
    await world.now.sweep()
    const rows = await world.now.db.query<{ id: string; state: string }>(
      `SELECT crm_contact_id AS id, state FROM crm_contacts WHERE crm_contact_id = ANY($1) ORDER BY state`,
      [[ann.crmIds[0], bo.crmIds[0]]],
    )
    expect(rows).toEqual([
      { id: ann.crmIds[0], state: 'deleted' },
      { id: bo.crmIds[0], state: 'live' },
    ])
  })

  it('walks over everybody when eMarketeer forgot the cursor, and misses no withdrawal', async () => {
    const ann = await world.now.linked()
    const bo = await world.now.linked({ basis: 'legitimateInterest' })
    await ann.unsubscribe()
    await expireCursor(world.now, 'emarketeer')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await bo.state()).toMatchObject({ basis: 'legitimateInterest', toggles: ['allow'] })
    expect(await bo.events()).toEqual([])
  })

  it('walks over everybody, once, when eMarketeer refuses the cursor', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    // The state after a restore of either side, or a change of environment.
    await world.now.db.query(`UPDATE connections SET emarketeer_cursor = 'of-another-life'`)
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('does not walk on and on when it refuses every cursor', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await world.now.emarketeerFault({
      path: '/changes',
      status: 422,
      body: { error: { code: 'validation_failed', details: [{ path: 'cursor' }] } },
    })
    await expect(world.now.sweep()).rejects.toMatchObject({ code: 'upstream_refused' })
    await world.now.clearFaults()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('walks over everybody after a change that names nobody and cannot be read', async () => {
    const ann = await world.now.linked()
    // Her withdrawal has no change of its own in the feed, as if the odd one were it.
    const consents = { marketingSendouts: { legalBasis: 'withdrawn', version: 9 } }
    await world.now.standIns.emarketeer.post('accounts/1001/seed', {
      contacts: [{ email: ann.email, consents }],
    })
    await world.now.standIns.emarketeer.post('accounts/1001/feed', {
      item: { id: 'odd', type: 'consent.changed', nonsense: true },
    })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })
})

describe('values that cannot be read', () => {
  it('writes nothing over a basis that this release does not know', async () => {
    const ann = await world.now.linked()
    await world.now.standIns.emarketeer.post('accounts/1001/unknown-basis', {
      contactId: ann.contactId,
      purpose: 'marketingSendouts',
      legalBasis: 'somethingNew',
    })
    await expireCursor(world.now, 'emarketeer') // Only states show it: they are read when the feed is lost.
    // However long this test takes, the flip is not proven to be the earlier act.
    const beforeFlip = new Date().toISOString()
    await ann.flip('deny')
    await world.now.sweep()
    expect(await ann.events()).toEqual([])
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['deny'] })
    await world.now.standIns.emarketeer.post('accounts/1001/unknown-basis', {
      contactId: ann.contactId,
      purpose: 'marketingSendouts',
      legalBasis: null,
    })
    await ann.consents('consent', { eventTime: beforeFlip })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('writes nothing over a toggle that is unknown', async () => {
    const ann = await world.now.linked()
    const secureToggle = (rights: object) =>
      world.now.dynamicsSwitch({
        secureColumn: { table: 'contact', column: 'donotbulkemail', ...rights },
      })
    await secureToggle({ update: true })
    await world.now.dynamicsFault({ path: 'IsSecured', status: 403, body: {} })
    await ann.edit({ jobtitle: 'Manager' })
    await ann.unsubscribe()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['allow'] })
    expect(await ann.events()).toEqual([])
    await secureToggle({ secured: false })
    await ann.edit({ jobtitle: 'Director' })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })
})
