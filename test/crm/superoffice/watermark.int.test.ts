import { afterEach, describe, expect, it } from '@jest/globals'
import type { CrmChangePage } from '../../../src/crm/crm.js'
import { readChanges, type Time } from '../../../src/crm/superoffice/reading/changes.js'
import type { SuperOfficeCrm } from '../../../src/crm/superoffice/session.js'
import { type StandIn, startStandIn } from './support/stand-in.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let standIn: StandIn

afterEach(() => standIn.close())

/** A stand-in whose stamps differ from the Date header of its answers. */
async function begin(stampSkewMs = 0): Promise<void> {
  standIn = await startStandIn({ switches: { storeDefault: false } })
  await standIn.control.post('clock', { stampSkewMs })
}

async function add(...emails: readonly string[]): Promise<readonly string[]> {
  return standIn.addPersons(...emails.map((email) => ({ emails: [email] })))
}

const withdraw = (id: string, more: object = {}) =>
  standIn.control.post(`persons/${id}/consent`, {
    purpose: 'EMARKETING',
    legalBase: 'WITHDRAWN',
    ...more,
  })

/** Our clock, ahead of the real one by this much. */
const later = (byMs: number): Time => ({
  nowMs: () => Date.now() + byMs,
  tickMs: () => performance.now(),
})

async function read(cursor: string | null, time?: Time) {
  const { installation, facts } = standIn.open() as SuperOfficeCrm
  const pages: CrmChangePage[] = []
  for await (const page of readChanges({ installation, facts }, cursor, {}, time)) {
    pages.push(page)
  }
  const last = pages.at(-1)
  return {
    ids: pages.flatMap(({ contacts }) => contacts.map(({ contactId }) => contactId)),
    cursor: last?.nextCursor ?? '',
    future: last?.futureStamps,
  }
}

const watermarkOf = (cursor: string) => (JSON.parse(cursor) as { watermarkMs: number }).watermarkMs

describe('a watermark', () => {
  it.each([
    ['behind', -HOUR_MS],
    ['ahead of', HOUR_MS],
  ])('finds a withdrawal where stamps are an hour %s the Date header', async (_how, skewMs) => {
    await begin(skewMs)
    await standIn.control.post('seed', { count: 20, seed: 3 })
    const registered = new Date(Date.now() - 3 * HOUR_MS).toISOString()
    await standIn.addPersons({ emails: ['three@hours.ago'], registered })
    const [a = '', b = ''] = await add('a@x.no', 'b@x.no')
    const baseline = await read(null)
    expect(baseline.ids).toHaveLength(23)
    expect(Math.abs(watermarkOf(baseline.cursor) - Date.now() - skewMs)).toBeLessThan(10_000)
    await withdraw(a)
    const delta = await read(baseline.cursor)
    expect(delta.ids).toContain(a)
    // And nobody from long ago, although the newest stamps are ahead of our clock.
    const seeded = baseline.ids.slice(0, 20)
    expect(delta.ids.filter((id) => seeded.includes(id))).toEqual([])
    const [c = ''] = await add('c@x.no')
    await withdraw(b)
    const third = await read(delta.cursor)
    expect(third.ids).toEqual(expect.arrayContaining([b, c]))
  })

  it('is never moved by a row from 2099, which every reading finds', async () => {
    await begin()
    const [odd = '', a = ''] = await add('odd@x.no', 'a@x.no')
    await withdraw(odd)
    await withdraw(odd, { legalBase: '61B', at: '2099-01-01T00:00:00Z' })
    const named = { count: 1, records: [{ contactId: odd, at: '2099-01-01T00:00:00.000Z' }] }
    const baseline = await read(null)
    expect(baseline.future).toEqual(named)
    expect(watermarkOf(baseline.cursor)).toBeLessThan(Date.now() + 10_000)
    await withdraw(a)
    const delta = await read(baseline.cursor)
    expect(delta.ids).toEqual(expect.arrayContaining([odd, a]))
    expect(delta.future).toEqual(named)
    expect(watermarkOf(delta.cursor)).toBeLessThan(Date.now() + 10_000)
    // After it is corrected in SuperOffice, it is not named any more.
    await standIn.control.post(`persons/${odd}/consent`, {
      purpose: 'EMARKETING',
      legalBase: '61A',
    })
    expect((await read(delta.cursor)).future).toEqual({ count: 0, records: [] })
  })

  it('that a row of tomorrow moved does not hide the rows of today', async () => {
    await begin()
    const registered = '2024-03-01T08:00:00Z'
    const [ahead = '', a = '', b = ''] = await standIn.addPersons(
      ...['ahead', 'a', 'b'].map((name) => ({ emails: [`${name}@x.no`], registered })),
    )
    const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS).toISOString()
    await withdraw(ahead, { at: inHours(20) })
    const baseline = await read(null)
    expect(watermarkOf(baseline.cursor)).toBeGreaterThan(Date.now() + 19 * HOUR_MS)
    await withdraw(a)
    const delta = await read(baseline.cursor)
    expect(delta.ids).toEqual(expect.arrayContaining([ahead, a]))
    await withdraw(b, { at: inHours(2) })
    const second = await read(delta.cursor, later(2.5 * HOUR_MS))
    expect(second.ids).toEqual(expect.arrayContaining([ahead, b]))
    // Two days later it has no effect any more.
    const third = await read(second.cursor, later(48 * HOUR_MS))
    expect((await read(third.cursor, later(48 * HOUR_MS))).ids).toEqual([])
  })

  it('is not moved by a person registered in 2099 either', async () => {
    await begin()
    const registered = '2099-01-01T00:00:00Z'
    const [odd = ''] = await standIn.addPersons({ emails: ['odd@x.no'], registered })
    const { cursor, future } = await read(null)
    expect(future).toMatchObject({ count: 1, records: [{ contactId: odd }] })
    expect(watermarkOf(cursor)).toBe(0)
  })

  it('stays in a quiet week, in which the rows before it are not read at every sweep', async () => {
    await begin()
    const stamp = new Date(Date.now() - 8 * DAY_MS)
    const at = (minutes: number) => new Date(stamp.getTime() + minutes * 60_000).toISOString()
    const ids = await standIn.addPersons(
      ...Array.from({ length: 5 }, (_, n) => ({
        emails: [`p${n}@x.no`],
        registered: '2024-03-01T08:00:00Z',
        consents: { EMARKETING: { legalBase: '61A', registered: at(n), updated: at(n) } },
      })),
    )
    let { cursor } = await read(null)
    const watermarkMs = Math.floor(stamp.getTime() / 1000) * 1000 + 4 * 60_000
    expect(watermarkOf(cursor)).toBe(watermarkMs)
    const read1 = await read(cursor, later(30 * 60_000))
    expect(read1.ids).toEqual(ids)
    for (let day = 1; day <= 7; day += 1) {
      const quiet = await read(day === 1 ? read1.cursor : cursor, later(day * DAY_MS))
      expect(quiet.ids).toEqual([])
      expect(watermarkOf(quiet.cursor)).toBe(watermarkMs)
      cursor = quiet.cursor
    }
    await withdraw(ids[0] ?? '')
    const after = await read(cursor, later(7 * DAY_MS))
    expect(after.ids).toEqual([ids[0]])
    expect(watermarkOf(after.cursor)).toBeGreaterThan(watermarkMs)
  })

  it('is 0 after a complete listing without rows, so that the first row is found', async () => {
    await begin(-HOUR_MS)
    const { cursor } = await read(null)
    expect(watermarkOf(cursor)).toBe(0)
    const [a = ''] = await add('a@x.no')
    await withdraw(a)
    const delta = await read(cursor)
    expect(delta.ids).toEqual([a])
    expect(watermarkOf(delta.cursor)).toBeGreaterThan(0)
  })

  it('does not pass over what was written behind the back of a long listing', async () => {
    await begin()
    // Registered long ago, so that they are not found as new persons.
    const registered = '2024-03-01T08:00:00Z'
    const [early = '', late = ''] = await standIn.addPersons(
      { emails: ['early@x.no'], registered },
      { emails: ['late@x.no'], registered },
    )
    await standIn.control.post('switches', { maxTop: 1 })
    const { installation, facts } = standIn.open() as SuperOfficeCrm
    const ticks = [0, 3 * HOUR_MS]
    const clock: Time = { nowMs: Date.now, tickMs: () => ticks.shift() ?? 0 }
    const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString()
    const read1 = { ids: [] as string[], cursor: '' }
    for await (const page of readChanges({ installation, facts }, null, {}, clock)) {
      read1.ids.push(...page.contacts.map(({ contactId }) => contactId))
      read1.cursor = page.nextCursor ?? read1.cursor
      if (read1.ids.join() === early) {
        // Already read. Two hours later it withdraws; then the other one does, and is read.
        await withdraw(early, { at: ago(1) })
        await withdraw(late, { at: ago(0) })
      }
    }
    expect(read1.ids).toEqual([early, late])
    expect(watermarkOf(read1.cursor)).toBeGreaterThan(Date.now() - 10_000)
    expect((await read(read1.cursor)).ids).toContain(early)
  })
})

describe('a time in a filter', () => {
  /** A withdrawal five minutes after another one, and a sweep much later; also after a quiet day. */
  async function finds(switches: object) {
    await begin()
    await standIn.control.post('switches', switches)
    const registered = '2024-03-01T08:00:00Z'
    const [a = '', b = ''] = await standIn.addPersons(
      { emails: ['a@x.no'], registered },
      { emails: ['b@x.no'], registered },
    )
    const ago = (hours: number) => new Date(Date.now() - hours * HOUR_MS).toISOString()
    await withdraw(a, { at: ago(40) })
    const { cursor } = await read(null)
    await withdraw(b, { at: ago(39.9) })
    const delta = await read(cursor, later(30 * 60_000))
    expect(delta.ids).toContain(b)
    const quiet = await read(delta.cursor, later(DAY_MS))
    await withdraw(a)
    expect((await read(quiet.cursor, later(DAY_MS))).ids).toContain(a)
    return standIn.requests()
  }

  // "If you don't specify anything, then the base time zone is assumed": from Hawaii to Auckland.
  it.each([-600, -300, 0, 60, 330, 780])(
    'is UTC, whatever the base time zone (%d minutes ahead)',
    async (baseTimeZoneMinutes) => {
      await finds({ baseTimeZoneMinutes })
    },
  )

  // "These are always UTC, and so their values are not affected": it is not documented how they are compared then.
  it.each([-600, 60, 330, 780])(
    'may be brought into the base time zone (%d minutes ahead) and stamps left as they are',
    async (baseTimeZoneMinutes) => {
      await finds({ baseTimeZoneMinutes, filterTimes: 'shifted' })
    },
  )
})

describe('a stored cursor', () => {
  it.each([
    '',
    '{}',
    '{"watermarkMs":"x"}',
    JSON.stringify({ watermarkMs: Date.now() + 2 * DAY_MS, sinceMs: 0, movedAtMs: 0 }),
  ])('like %j starts everything again', async (cursor) => {
    await begin()
    await expect(read(cursor)).rejects.toMatchObject({ name: 'CrmCursorExpired' })
  })
})
