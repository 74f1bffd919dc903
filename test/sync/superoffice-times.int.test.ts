import { afterEach, beforeAll, describe, expect, it } from '@jest/globals'
import { measuresOf } from '../../src/app/connection/connection-view.js'
import { requireConnection } from '../../src/app/connection/require-running.js'
import { loadWhy } from '../../src/app/why/load-why.js'
import { explain } from '../../src/app/why/explanation.js'
import type { LegalBasis } from '../../src/domain/legal-basis.js'
import { CONNECTION_ID } from './support/open-systems.js'
import { passTime } from './support/pass-time.js'
import type { NewRichPerson, RichPerson } from './support/rich-person.js'
import { withSuperOfficeWorld } from './support/superoffice-world.js'

// "The system with the most recent change wins" (C3), with default settings: no test person is named. Saving a card
// stamps its consents, as some clients and versions do.
const world = withSuperOfficeWorld({ saveTouchesConsent: true })

/** More than two clocks of this machine may differ. */
const LATER_MS = 10_000

beforeAll(async () => {
  expect(await times()).toMatchObject({ mode: 'auto', counts: false })
  // The first update of ours that is read back.
  const person = await world.now.linked()
  await person.acts('contract')
  await world.now.sweep()
  expect(await times()).toMatchObject({ counts: true })
})

afterEach(async () => {
  world.crm.world.clock.setSkewMs(0)
  await world.applies({})
})

async function times() {
  const { db } = world.now
  return (await measuresOf(db, await requireConnection(db, CONNECTION_ID))).times
}

/** In agreement on both sides, and observed so. */
const agreed = (given: NewRichPerson = {}) => world.now.linked(given)

async function acts(person: RichPerson, value: LegalBasis): Promise<void> {
  await person.acts(value)
  passTime(LATER_MS)
}

function sets(person: RichPerson, value: LegalBasis): void {
  person.sets(value)
  passTime(LATER_MS)
}

async function expectBoth(person: RichPerson, value: LegalBasis): Promise<void> {
  await world.now.sweep()
  expect(await person.state()).toEqual({ e: value, d: [value] })
}

async function lastEvent(person: RichPerson) {
  const { events } = explain(await loadWhy(world.now.db, CONNECTION_ID, person.email))
  return events.at(-1)!
}

describe('both moved, and SuperOffice’s row was written once since, later: its basis stands', () => {
  it('over a withdrawal', async () => {
    const person = await agreed()
    await acts(person, 'withdrawn')
    sets(person, 'contract')
    await expectBoth(person, 'contract')
    expect((await lastEvent(person)).sentences.join()).toContain('the later act wins, proven by')
  })

  it('over another basis', async () => {
    const person = await agreed()
    await acts(person, 'legitimateInterest')
    sets(person, 'contract')
    await expectBoth(person, 'contract')
  })

  it('where there was no row, and it has only been inserted', async () => {
    const person = await agreed({ basis: 'none', rows: ['none'] })
    await acts(person, 'withdrawn')
    sets(person, 'consent')
    await expectBoth(person, 'consent')
  })
})

describe('SuperOffice’s row was written earlier than eMarketeer’s last positive act: eMarketeer’s basis stands', () => {
  it('where both moved', async () => {
    const person = await agreed()
    sets(person, 'withdrawn')
    await acts(person, 'contract')
    await expectBoth(person, 'contract')
  })

  it.each([
    ['', async () => undefined],
    [
      ', before any write of ours has been read back',
      () => world.now.db.query(`DELETE FROM crm_times`),
    ],
  ])('at a first link%s', async (_, prepare) => {
    await prepare()
    const person = await world.now.person({ basis: null, rows: ['withdrawn'] })
    passTime(LATER_MS)
    await person.createInEmarketeer()
    await acts(person, 'consent')
    await expectBoth(person, 'consent')
  })
})

describe('what stays restrictive, and says so', () => {
  it('a later positive in SuperOffice over an earlier withdrawal, at a first link', async () => {
    const person = await world.now.person({ basis: null, rows: [] })
    await person.createInEmarketeer()
    await acts(person, 'withdrawn')
    person.join('consent')
    passTime(LATER_MS)
    await expectBoth(person, 'withdrawn')
    expect((await lastEvent(person)).sentences.join()).toContain('At a first link')
  })

  it('a row that was written more than once: the act, and a card saved after it', async () => {
    const person = await agreed()
    await acts(person, 'withdrawn')
    sets(person, 'contract')
    world.crm.saveCard(person.ids[0]!)
    await expectBoth(person, 'withdrawn')
    expect((await lastEvent(person)).sentences.join()).toContain('written more than once')
  })

  it('an old consent whose card is saved after a withdrawal in eMarketeer', async () => {
    const person = await agreed()
    await acts(person, 'withdrawn')
    world.crm.saveCard(person.ids[0]!)
    passTime(LATER_MS)
    await expectBoth(person, 'withdrawn')
  })

  it.each([
    ['a deny in SuperOffice later than a consent', 'emarketeer'],
    ['a deny in eMarketeer later than a consent', 'superoffice'],
  ])('%s stands as well', async (_, consentsIn) => {
    const person = await agreed({ basis: 'contract' })
    if (consentsIn === 'emarketeer') {
      await acts(person, 'consent')
      sets(person, 'withdrawn')
    } else {
      sets(person, 'consent')
      await acts(person, 'withdrawn')
    }
    await expectBoth(person, 'withdrawn')
  })

  // "An eventTime over 5 minutes in the future is invalid" (docs/wire-emarketeer.md): up to that its source may be
  // ahead.
  it.each([
    ['as its change is read', () => Promise.resolve({})],
    [
      'as its state is read',
      () => world.now.emarketeer.post('accounts/1001/expire', { cursors: true }),
    ],
  ])(
    'a withdrawal later than a consent that is said to be of a later time, %s',
    async (_, lose) => {
      const person = await agreed({ basis: 'contract' })
      await person.acts(
        'consent',
        'marketingSendouts',
        new Date(Date.now() + 4 * 60_000).toISOString(),
      )
      passTime(LATER_MS)
      sets(person, 'withdrawn')
      await lose()
      await expectBoth(person, 'withdrawn')
    },
  )

  it('acts that are closer than the clocks can distinguish', async () => {
    const person = await agreed()
    await person.acts('withdrawn')
    person.sets('contract')
    await expectBoth(person, 'withdrawn')
    expect((await lastEvent(person)).sentences.join()).toContain('too close')
  })

  it.each([3_600_000, -3_600_000])(
    'a clock that is off by %d ms, and connection show says why',
    async (skewMs) => {
      world.crm.world.clock.setSkewMs(skewMs)
      const denied = await agreed()
      await acts(denied, 'withdrawn')
      sets(denied, 'contract')
      const consented = await agreed()
      sets(consented, 'withdrawn')
      await acts(consented, 'contract')
      await expectBoth(denied, 'withdrawn')
      await expectBoth(consented, 'withdrawn')
      expect(await times()).toMatchObject({
        counts: false,
        reason: expect.stringMatching(/clock.*ahead.*prove nothing/),
      })
      world.crm.world.clock.setSkewMs(0)
      // Our next write measures it again.
      const next = await agreed()
      await next.acts('contract')
      await world.now.sweep()
      await world.now.sweep()
      expect(await times()).toMatchObject({ counts: true })
    },
  )
})

describe('our own writes', () => {
  it('teach how an insertion is counted, and how both clocks stand to ours', async () => {
    const person = await world.now.linked({ basis: 'consent', rows: ['none'] })
    expect(await person.state()).toEqual({ e: 'consent', d: ['consent'] })
    const denied = await agreed()
    sets(denied, 'withdrawn')
    await expectBoth(denied, 'withdrawn')
    await world.now.sweep()
    const [learned] = await world.now.db.query(
      `SELECT first_versions AS "firstVersions", crm_by_write AS crm, emarketeer_by_write AS emarketeer FROM crm_times`,
    )
    const near = { fromMs: expect.any(Number), toMs: expect.any(Number) }
    expect(learned).toMatchObject({ firstVersions: [0], crm: near, emarketeer: near })
    const { crm, emarketeer } = learned as Record<string, { fromMs: number; toMs: number }>
    for (const clock of [crm!, emarketeer!]) {
      // Its true lead, which is none, is within the interval.
      expect(clock.fromMs).toBeLessThanOrEqual(0)
      expect(clock.toMs).toBeGreaterThanOrEqual(0)
    }
  })

  it('that insert a row are no answer to a user who inserted it before them', async () => {
    // As long as the version of an insertion is unknown, 0 and 1 may both be one.
    await world.now.db.query(`UPDATE crm_times SET first_versions = '{}'`)
    const person = await world.now.person({ basis: 'consent', rows: ['none'] })
    world.crm.switches.beforeWrite = () => person.sets('withdrawn')
    await world.now.sweep()
    await expectBoth(person, 'withdrawn')
  })

  it('that change a consent say of when it is at the earliest, though its card was saved since', async () => {
    const person = await world.now.person({ basis: null, rows: ['contract'] })
    passTime(60_000)
    world.crm.saveCard(person.ids[0]!)
    passTime(60_000)
    const beforeMs = Date.now()
    await person.createInEmarketeer()
    await expectBoth(person, 'contract')
    const { acted } = await lastEvent(person)
    // Set when the row was created at the earliest, and when the card was saved at the latest.
    expect(Date.parse(acted.from!)).toBeLessThan(beforeMs - 115_000)
    expect(Date.parse(acted.to!)).toBeLessThan(beforeMs - 50_000)
  })
})

describe('superoffice.times', () => {
  it('never: only versions decide, and its times count once it is auto again', async () => {
    await world.applies({ times: 'never' })
    expect(await times()).toMatchObject({ mode: 'never', counts: false })
    const denied = await agreed()
    await acts(denied, 'withdrawn')
    sets(denied, 'contract')
    const unlinked = await world.now.person({ basis: null, rows: ['withdrawn'] })
    passTime(LATER_MS)
    await expectBoth(denied, 'withdrawn')
    // They are stored unchanged, whatever they prove.
    const [kept] = await world.now.db.query(
      `SELECT consents -> 'marketingSendouts' -> 'times' AS times FROM crm_contacts WHERE crm_contact_id = $1`,
      [unlinked.ids[0]],
    )
    expect(kept).toMatchObject({ times: { registeredMs: expect.any(Number), onlyInserted: true } })
    await world.applies({})
    await unlinked.createInEmarketeer()
    await acts(unlinked, 'consent')
    await expectBoth(unlinked, 'consent')
  })

  it('never at a first link, too', async () => {
    await world.applies({ times: 'never' })
    const person = await world.now.person({ basis: null, rows: ['withdrawn'] })
    passTime(LATER_MS)
    await person.createInEmarketeer()
    await acts(person, 'consent')
    await expectBoth(person, 'withdrawn')
  })
})

describe('an installation that does not count one per write', () => {
  const proven = async () => {
    const person = await agreed()
    await acts(person, 'withdrawn')
    sets(person, 'contract')
    await world.now.sweep()
    return (await person.state()).e === 'contract'
  }

  /** Our update, and another effect of the server on the row in the same write. */
  async function updates(oddly: boolean): Promise<void> {
    const person = await agreed()
    await person.acts('contract')
    const { switches } = world.crm
    const writeOnceMore = () => {
      world.crm.saveAgain(person.ids[0]!, 'marketingSendouts')
      switches.afterWrite = writeOnceMore
    }
    switches.afterWrite = oddly ? writeOnceMore : null
    await world.now.sweep()
    await world.now.timePasses()
    await world.now.sweep()
    switches.afterWrite = null
  }

  it('is found by three of our updates in a row, and believed again after ten', async () => {
    expect(await proven()).toBe(true)
    await updates(true)
    await updates(true)
    expect(await times()).toMatchObject({ counts: true })
    await updates(true)
    expect(await times()).toMatchObject({
      counts: false,
      reason: expect.stringContaining('three updates'),
    })
    expect(await proven()).toBe(false)
    for (let n = 0; n < 10; n += 1) {
      await updates(false)
    }
    expect(await times()).toMatchObject({ counts: true })
    expect(await proven()).toBe(true)
  })
})

// Last, because eMarketeer's times do not decrease.
describe('both clocks an hour ahead of ours', () => {
  it('compare well with each other', async () => {
    const skewMs = 3_600_000
    world.crm.world.clock.setSkewMs(skewMs)
    await world.now.emarketeer.post('clock', { skewMs })
    const first = await agreed()
    await first.acts('contract')
    await world.now.sweep()
    sets(first, 'withdrawn')
    await expectBoth(first, 'withdrawn')
    await world.now.sweep()
    const person = await agreed()
    await acts(person, 'withdrawn')
    sets(person, 'contract')
    await expectBoth(person, 'contract')
    expect(await times()).toMatchObject({ counts: true })
    await world.now.emarketeer.post('clock', { skewMs: 0 })
  })
})
