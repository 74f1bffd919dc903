import { afterEach, describe, expect, it } from '@jest/globals'
import { preSend } from './support/pre-send.js'
import type { RichPerson } from './support/rich-person.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'
import type { World } from './support/world.js'

const world = withSuperOfficeWorld()

afterEach(() => {
  world.crm.world.clock.setSkewMs(0)
})

async function verdictOf({ contactId }: RichPerson): Promise<unknown> {
  const ask = { contactIds: [contactId], crm: 'superoffice-online' }
  return (await preSend(world.now as unknown as World, ask)).verdicts[contactId]
}

async function clockOffsetMs(): Promise<number> {
  const [row] = await world.now.db.query<{ ms: number }>(
    `SELECT crm_clock_offset_ms AS ms FROM connections`,
  )
  return row!.ms
}

describe('a CRM user acts while we write', () => {
  it('after the last look and before our write: their withdrawal is found under it', async () => {
    const person = await world.now.linked()
    await person.acts('contract')
    world.crm.switches.beforeWrite = () => person.sets('withdrawn')
    await world.now.pass(person.email)
    expect(world.crm.switches.beforeWrite).toBeNull()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    expect((await person.events()).map((event) => event.line)).toEqual(['R4', 'R0'])
  })

  it('during a sendout: they are not mailed', async () => {
    const person = await world.now.linked()
    await person.acts('contract')
    world.crm.switches.beforeWrite = () => person.sets('withdrawn')
    expect(await verdictOf(person)).toBe('consentWithdrawn')
  })

  it('before a write of ours that arrives late: it is doubted, and withdrawn', async () => {
    const person = await world.now.linked()
    await person.acts('contract')
    world.crm.switches.holdWrites = true
    await world.now.pass(person.email).catch(() => undefined)
    world.crm.switches.holdWrites = false
    person.sets('withdrawn')
    world.crm.land()
    expect(world.crm.value(person.ids[0]!)).toBe('contract')
    expect(await verdictOf(person)).toBe('consentWithdrawn')
    await world.now.timePasses()
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
  })
})

describe('a merge', () => {
  it('brings its addresses to the survivor, whose withdrawal counts there', async () => {
    const gone = await world.now.linked()
    const stays = await world.now.linked()
    world.crm.merge(gone.ids[0]!, stays.ids[0]!)
    stays.sets('withdrawn')
    expect(await verdictOf(gone)).toBe('consentWithdrawn')
    await world.now.walkIsDue()
    await world.now.sweep()
    expect(await gone.state()).toEqual({ e: 'withdrawn', d: [] })
  })
})

describe('a clock that is off', () => {
  it.each([3_600_000, -3_600_000, 30_000])(
    'by %d ms is told, and does not prove that a consent came later: the restrictive value stands',
    async (skewMs) => {
      const person = await world.now.person({ basis: 'withdrawn', rows: [] })
      world.crm.world.clock.setSkewMs(skewMs)
      person.join('consent')
      await world.now.sweep()
      expect(Math.abs((await clockOffsetMs()) - skewMs)).toBeLessThan(2_000)
      expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
      world.crm.world.clock.setSkewMs(0)
      await world.now.timePasses()
      await world.now.sweep()
      expect(Math.abs(await clockOffsetMs())).toBeLessThan(2_000)
    },
  )
})
