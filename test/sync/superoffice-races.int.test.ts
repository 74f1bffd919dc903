import { afterEach, describe, expect, it } from '@jest/globals'
import { YEAR_ONE } from '../../simulators/superoffice/model/dates.js'
import { measuresOf } from '../../src/app/connection/connection-view.js'
import { requireConnection } from '../../src/app/connection/require-running.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { preSend } from './support/pre-send.js'
import type { RichPerson } from './support/rich-person.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'
import type { World } from './support/world.js'

const world = withSuperOfficeWorld()

afterEach(() => {
  world.crm.world.clock.setSkewMs(0)
  world.crm.world.stampSkewMs = 0
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
    await person.actsAndIsWrittenLate('contract')
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

/** A Date header holds whole seconds; beyond them an answer tells its clock no better than the time that it took. */
const HEADER_MS = 2_000

/** How long a sweep takes. */
async function sweepMs(): Promise<number> {
  const startedMs = performance.now()
  await world.now.sweep()
  return performance.now() - startedMs
}

describe('a clock that is off', () => {
  it.each([3_600_000, -3_600_000, 30_000])(
    'by %d ms is reported, and does not prove that a consent came later: the restrictive value stands',
    async (skewMs) => {
      const person = await world.now.person({ basis: 'withdrawn', rows: [] })
      world.crm.world.clock.setSkewMs(skewMs)
      person.join('consent')
      const firstMs = await sweepMs()
      expect(Math.abs((await clockOffsetMs()) - skewMs)).toBeLessThan(HEADER_MS + firstMs)
      expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
      world.crm.world.clock.setSkewMs(0)
      await world.now.timePasses()
      const nextMs = await sweepMs()
      expect(Math.abs(await clockOffsetMs())).toBeLessThan(HEADER_MS + nextMs)
    },
  )
})

describe('stamps of another clock than that of the Date header', () => {
  it.each([3_600_000, -3_600_000])(
    'by %d ms: a withdrawal in SuperOffice alone is found by the sweep',
    async (stampSkewMs) => {
      if (stampSkewMs < 0) {
        // It was so from the beginning: no row has a stamp from the hour before.
        const { consentperson } = world.crm.world.store
        for (const row of [...consentperson.from()]) {
          consentperson.update(row, { registered: row.registered - 7_200, updated: YEAR_ONE })
        }
        await world.now.db.query(`UPDATE connections SET crm_cursor = NULL`)
      }
      world.crm.world.stampSkewMs = stampSkewMs
      const person = await world.now.linked()
      await world.now.sweep()
      person.sets('withdrawn')
      await world.now.sweep()
      expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    },
  )

  it('from 2099: the record is named in `connection show`, and later withdrawals are found', async () => {
    const { db } = world.now
    const odd = await world.now.linked()
    const person = await world.now.linked()
    world.crm.world.stampSkewMs = Date.UTC(2099, 0, 1) - Date.now()
    odd.sets('legitimateInterest')
    world.crm.world.stampSkewMs = 0
    await world.now.sweep()
    person.sets('withdrawn')
    await world.now.sweep()
    expect(await person.state()).toEqual({ e: 'withdrawn', d: ['withdrawn'] })
    const connection = await requireConnection(db, CONNECTION_ID)
    const measures = await measuresOf(db, connection)
    const [contactId] = odd.ids
    expect(measures.futureStamps).toEqual({
      count: 1,
      records: [{ contactId, at: expect.stringMatching(/^2099-01-01T/) }],
    })
    odd.sets('contract')
    await world.now.sweep()
    expect((await measuresOf(db, connection)).futureStamps).toBeNull()
  })
})
