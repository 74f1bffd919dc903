import { describe, expect, it } from '@jest/globals'
import { ambiguousDecisionsOf } from '../../src/ledger/evidence/consent-events.js'
import { catchUpEmarketeer } from '../../src/sync/mirror/catch-up-emarketeer.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { beforeStore, once } from './support/twists.js'
import { withWorld } from './support/world.js'

const world = withWorld()

describe('acts on both sides between two passes', () => {
  it('takes the withdrawal that followed an Allow, by the clock of an eMarketeer that is a minute behind', async () => {
    // First, because the times of eMarketeer's feed never decrease.
    await world.now.standIns.emarketeer.post('clock', { skewMs: -60_000 })
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow')
    await ann.unsubscribe()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    await world.now.standIns.emarketeer.post('clock', { skewMs: 0 })
  })

  it('takes the withdrawal when a person leaves and a colleague edits the row', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await ann.edit({ jobtitle: 'Buyer' })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('takes the deny when a person consents while a colleague sets Do not allow', async () => {
    const ann = await world.now.linked({ basis: 'legitimateInterest' })
    await ann.flip('deny')
    await ann.consents('consent')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('takes the deny when a colleague sets Allow and the person withdraws again', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow')
    await ann.consents('legitimateInterest')
    await ann.unsubscribe()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('marks a renewed consent that only an unrelated edit spoiled as ambiguous, without field history', async () => {
    await world.now.dynamicsSwitch({ audit: { organization: false } })
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.edit({ jobtitle: 'Buyer' })
    await ann.consents('consent')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await ann.events()).toMatchObject([{ line: 'T2', ambiguous: true }])
    expect(await ambiguousDecisionsOf(world.now.db, CONNECTION_ID, 20)).toEqual([
      { at: expect.any(Date), cell: 'marketingSendouts', line: 'T2', contactId: ann.contactId },
    ])
    await ann.consents('consent')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['allow'] })
    await world.now.dynamicsSwitch({ audit: { organization: true } })
  })

  it('agrees when both sides say the same, and writes nothing', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await ann.flip('deny')
    const before = await world.now.traffic()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect(await world.now.traffic()).toEqual(before)
  })
})

describe('an act between our read and our write', () => {
  it('decides again when a colleague denies just before our Allow lands (412)', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.consents('legitimateInterest')
    await world.now.sweep(
      once.beforeCrmWrite(async () => {
        await ann.flip('allow')
        await ann.flip('deny')
      }),
    )
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    const last = (await ann.events()).at(-1)
    expect(last).toMatchObject({ line: 'T2', emarketeerNew: 'withdrawn' })
  })

  it('still denies when a colleague edits the row just before our deny lands', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await world.now.sweep(once.beforeCrmWrite(() => ann.edit({ jobtitle: 'Buyer' })))
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })

  it('keeps the withdrawal when a person leaves just before our Consent lands (conflict)', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow')
    await world.now.sweep(
      once.beforeEmarketeerWrite(async () => {
        await ann.consents('legitimateInterest')
        await ann.unsubscribe()
      }),
    )
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('still decides a consent that the feed shows just before our withdrawal is stored', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await world.now.sweep(
      beforeStore(async () => {
        await ann.consents('consent')
        await catchUpEmarketeer(await world.now.session())
      }),
    )
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['allow'], due: false })
  })

  it('discards a reading of Dynamics that is older than what eMarketeer says (torn)', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    let acted = 0
    await world.now.pass(
      [ann],
      once.afterCrmRead(async () => {
        acted += 1
        await ann.flip('allow')
        await ann.unsubscribe()
      }),
    )
    await world.now.sweep()
    expect(acted).toBe(1)
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect((await ann.events()).map((event) => event.emarketeerNew)).not.toContain('consent')
  })

  it('does not lose a deny set while our own tightening write to eMarketeer is under way', async () => {
    const ann = await world.now.linked({ toggles: ['allow', 'allow'] })
    await ann.flip('deny', 'Sales Rep', 0)
    await world.now.sweep(once.beforeEmarketeerWrite(() => ann.flip('deny', 'Sales Rep', 1)))
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny', 'deny'] })
  })
})
