import { describe, expect, it } from '@jest/globals'
import { withRichWorld } from './support/rich-world.js'

const world = withRichWorld()

describe('one address, one person', () => {
  it('links what agrees and writes nothing', async () => {
    const person = await world.now.linked({ basis: 'legitimateInterest' })
    expect(await person.state()).toEqual({ e: 'legitimateInterest', d: ['legitimateInterest'] })
    expect(await person.events()).toEqual([])
  })

  it('carries an opt-out either way', async () => {
    const there = await world.now.linked()
    const here = await world.now.linked()
    there.sets('withdrawn')
    await here.acts('withdrawn')
    await world.now.sweep()
    expect(await there.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    expect(await here.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
  })

  it('carries a later positive basis as itself, either way', async () => {
    const there = await world.now.linked({ basis: 'withdrawn' })
    const here = await world.now.linked({ basis: 'withdrawn' })
    there.sets('contract')
    await here.acts('legitimateInterest')
    await world.now.sweep()
    expect(await there.state()).toEqual({ e: 'contract', d: ['contract'] })
    expect(await here.state()).toEqual({ e: 'legitimateInterest', d: ['legitimateInterest'] })
    const [event] = await there.events()
    expect(event).toMatchObject({ line: 'R3', movedSide: 'crm', crmNew: 'contract' })
    expect(event!.evidence).toMatch(/^recorded in the CRM/)
  })

  it('fills the side that has nothing, and leaves a default where it is', async () => {
    const set = await world.now.linked({ basis: 'none', rows: ['consent'] })
    const given = await world.now.linked({ basis: 'contract', rows: ['none'] })
    const dflt = await world.now.linked({ basis: 'none', rows: ['consent'], by: 'default' })
    expect(await set.state()).toEqual({ e: 'consent', d: ['consent'] })
    expect(await given.state()).toEqual({ e: 'contract', d: ['contract'] })
    expect(await dflt.state()).toEqual({ e: 'none', d: ['consent'] })
  })

  it('keeps both purposes in step, each by itself', async () => {
    const person = await world.now.linked()
    await person.acts('withdrawn', 'storeAndProcess')
    person.sets('contract')
    await world.now.sweep()
    expect(await person.state('storeAndProcess')).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    expect(await person.state()).toEqual({ e: 'contract', d: ['contract'] })
  })

  it('writes both purposes of a person in one pass, and needs no second one', async () => {
    const person = await world.now.linked()
    await person.acts('withdrawn', 'storeAndProcess')
    await person.acts('withdrawn')
    const writes = world.now.crm.requests.write
    await world.now.sweep()
    await world.now.sweep()
    expect(world.now.crm.requests.write - writes).toBe(2)
    const [row] = await world.now.db.query<{ consents: Record<string, { lastWriter: string }> }>(
      `SELECT consents FROM crm_contacts WHERE crm_contact_id = $1`,
      [person.ids[0]],
    )
    expect(Object.values(row!.consents).map((consent) => consent.lastWriter)).toEqual(['us', 'us'])
  })
})
