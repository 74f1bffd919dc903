import { describe, expect, it } from '@jest/globals'
import { crmUserId, type Basis, type Toggle } from './support/person.js'
import { withWorld } from './support/world.js'

const world = withWorld()

describe('legal basis, eMarketeer to Dynamics', () => {
  it('sets Do not allow when a person unsubscribes (B1)', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
    expect(await ann.events()).toMatchObject([
      {
        line: 'T3',
        movedSide: 'emarketeer',
        emarketeerNew: 'withdrawn',
        crmOld: 'allow',
        crmNew: 'deny',
        evidence: 'unsubscribePage',
      },
    ])
  })

  it.each<Basis>(['consent', 'legitimateInterest', 'contract'])(
    'sets Allow when a person whose denial was known gives %s (B2, B3)',
    async (basis) => {
      const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
      await ann.consents(basis)
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({ basis, toggles: ['allow'], due: false })
      expect(await ann.events()).toMatchObject([
        {
          line: 'T2',
          movedSide: 'emarketeer',
          emarketeerNew: basis,
          crmOld: 'deny',
          crmNew: 'allow',
        },
      ])
    },
  )

  it('keeps a Legitimate interest that its own Allow carried over, sweep after sweep (B6)', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.consents('legitimateInterest')
    for (let pass = 0; pass < 4; pass += 1) {
      await world.now.sweep()
      await ann.webhook(false)
      await world.now.drain()
    }
    expect(await ann.state()).toMatchObject({ basis: 'legitimateInterest', toggles: ['allow'] })
    expect(await ann.events()).toHaveLength(1)
  })

  it('leaves Legitimate interest alone when a colleague confirms an Allow that stood already (B6)', async () => {
    const ann = await world.now.linked({ basis: 'legitimateInterest' })
    await ann.flip('allow')
    await ann.edit({ jobtitle: 'Buyer' })
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'legitimateInterest', toggles: ['allow'] })
    expect(await ann.events()).toEqual([])
  })

  it('writes nothing where eMarketeer holds no basis and Dynamics allows (B7)', async () => {
    const ann = await world.now.linked({ basis: 'none' })
    expect(await ann.state()).toMatchObject({ basis: 'none', toggles: ['allow'], due: false })
    expect(await ann.events()).toEqual([])
  })
})

describe('legal basis, Dynamics to eMarketeer', () => {
  it.each<Basis>(['consent', 'legitimateInterest', 'none'])(
    'withdraws %s when a colleague sets Do not allow (B4)',
    async (basis) => {
      const ann = await world.now.linked({ basis })
      await ann.flip('deny')
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({
        basis: 'withdrawn',
        basisSource: 'crmDynamics',
        toggles: ['deny'],
      })
      expect(await ann.events()).toMatchObject([
        { movedSide: 'crm', emarketeerOld: basis, evidence: null },
      ])
    },
  )

  it.each([
    ['withdrawn', 'deny'],
    ['none', 'deny'],
  ] as const)(
    'turns %s into consent when a colleague sets Allow, and says that there is no evidence (B5)',
    async (basis, toggle: Toggle) => {
      const ann = await world.now.linked({ basis, toggles: [toggle] })
      await ann.flip('allow', 'Sven Seller')
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['allow'] })
      const userId = await crmUserId(world.now, 'Sven Seller')
      expect((await ann.events()).at(-1)).toMatchObject({
        line: 'T3',
        movedSide: 'crm',
        emarketeerNew: 'consent',
        actorType: 'crmUser',
        actorId: userId,
        evidence: `none, set by CRM user ${userId}`,
        replacedBasis: 'withdrawn',
      })
    },
  )

  it('reports to eMarketeer who set Allow, between when and when, and that there is no evidence (B5, F6)', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow', 'Sven Seller')
    await world.now.sweep()
    const feed = await world.now.standIns.emarketeer.lines<Record<string, never>>(
      'accounts/1001/feed?from=0',
    )
    const change = JSON.stringify(feed.at(-1))
    expect(change).toContain(await crmUserId(world.now, 'Sven Seller'))
    expect(change).toContain('Bulk Email set to Allow')
    expect(change).toContain('evidence: none, replaces withdrawn')
  })

  it('names the user of the webhook where the audit is off, and nobody without either (B5)', async () => {
    await world.now.dynamicsSwitch({ audit: { organization: false } })
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    const bo = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow', 'Sven Seller')
    await bo.flip('allow', 'Sven Seller')
    await ann.webhook(false, 'a-user-of-the-webhook')
    await world.now.sweep()
    expect((await ann.events()).at(-1)).toMatchObject({ actorId: 'a-user-of-the-webhook' })
    expect((await bo.events()).at(-1)).toMatchObject({
      actorId: null,
      evidence: 'none, set by CRM user unknown',
    })
    await world.now.dynamicsSwitch({ audit: { organization: true } })
  })

  it('never touches the right to store, nor any other column of a contact (B8)', async () => {
    const ann = await world.now.linked()
    const row = async () =>
      world.now.standIns.dynamics<Record<string, unknown>>('GET', `rows/contact/${ann.crmIds[0]}`)
    const before = await row()
    await ann.unsubscribe()
    await ann.consents('withdrawn', { purpose: 'storeAndProcess' })
    await world.now.sweep()
    const after = await row()
    const changed = Object.keys(after).filter((key) => after[key] !== before[key])
    expect(changed.filter((key) => !/version|modified/.test(key))).toEqual(['donotbulkemail'])
    expect(await ann.state()).toMatchObject({ store: 'withdrawn' })
    expect((await ann.events()).map((event) => event.cellKey)).toEqual(['marketingSendouts'])
  })
})

describe('what is no act', () => {
  it.each(['consent', 'legitimateInterest', 'withdrawn'] as const)(
    'takes a change of another column for nothing while eMarketeer holds %s',
    async (basis) => {
      const toggles: Toggle[] = [basis === 'withdrawn' ? 'deny' : 'allow']
      const ann = await world.now.linked({ basis, toggles })
      await ann.edit({ jobtitle: 'Buyer' })
      await world.now.sweep()
      await ann.edit({ jobtitle: 'Seller' })
      await ann.webhook(false)
      await world.now.drain()
      expect(await ann.state()).toMatchObject({ basis, toggles })
      expect(await ann.events()).toEqual([])
    },
  )

  it('takes a flip to and fro for nothing, in both directions (ABA)', async () => {
    const ann = await world.now.linked({ basis: 'legitimateInterest' })
    const bo = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('deny')
    await ann.flip('allow')
    await bo.flip('allow')
    await bo.flip('deny')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'legitimateInterest', toggles: ['allow'] })
    expect(await bo.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('does not take an Allow flipped to and fro for one that answers a withdrawal since', async () => {
    const ann = await world.now.linked({ basis: 'legitimateInterest' })
    await ann.flip('deny')
    await ann.flip('allow')
    await ann.unsubscribe()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })
})
