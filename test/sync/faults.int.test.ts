import { describe, expect, it } from '@jest/globals'
import { lateWrite } from './support/twists.js'
import { withWorld } from './support/world.js'

const world = withWorld()
const WRITES_TO_DYNAMICS = { method: 'POST', path: '\\$batch', bodyMatches: 'PATCH /api' }
const WRITES_TO_EMARKETEER = { method: 'POST', path: '/states/write' }
const DONE_BUT_LOST = { execute: true, reset: true, times: 1 }

/** A sweep that may fail; then waits end, and an undisturbed sweep follows. */
async function sweepTwice(): Promise<void> {
  await world.now.sweep().catch(() => undefined)
  await world.now.timePasses()
  await world.now.sweep()
}

describe('a write that was carried out although its answer was lost', () => {
  it('is not taken for a colleague who denies (Dynamics, deny)', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await world.now.dynamicsFault({ ...WRITES_TO_DYNAMICS, ...DONE_BUT_LOST })
    await sweepTwice()
    await ann.consents('legitimateInterest')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'legitimateInterest', toggles: ['allow'] })
  })

  it('is not taken for a colleague who allows (Dynamics, Allow): Legitimate interest stays', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.consents('legitimateInterest')
    await world.now.dynamicsFault({ ...WRITES_TO_DYNAMICS, ...DONE_BUT_LOST })
    await sweepTwice()
    expect(await ann.state()).toMatchObject({ basis: 'legitimateInterest', toggles: ['allow'] })
  })

  it('does not overrule a withdrawal that came after our lost Allow', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.consents('legitimateInterest')
    await world.now.dynamicsFault({ ...WRITES_TO_DYNAMICS, ...DONE_BUT_LOST })
    await world.now.sweep().catch(() => undefined)
    await ann.unsubscribe()
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    expect((await ann.events()).map((event) => event.emarketeerNew)).not.toContain('consent')
  })

  it('keeps the deny (eMarketeer, withdrawal)', async () => {
    const ann = await world.now.linked({ basis: 'legitimateInterest' })
    await ann.flip('deny')
    await world.now.emarketeerFault({ ...WRITES_TO_EMARKETEER, ...DONE_BUT_LOST })
    await sweepTwice()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['allow'] })
  })

  it('does not overrule a colleague who denies after our lost Consent', async () => {
    const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
    await ann.flip('allow')
    await world.now.emarketeerFault({ ...WRITES_TO_EMARKETEER, ...DONE_BUT_LOST })
    await world.now.sweep().catch(() => undefined)
    await ann.flip('deny')
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it.each(['crm', 'emarketeer'] as const)(
    'is not taken for a person when it lands only after the next pass (%s)',
    async (side) => {
      const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
      await (side === 'crm' ? ann.consents('legitimateInterest') : ann.flip('allow'))
      const late = lateWrite(side)
      await expect(world.now.sweep(late.twist)).rejects.toThrow('no answer yet')
      await (side === 'crm' ? ann.unsubscribe() : ann.flip('deny'))
      await world.now.timePasses()
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
      await late.lands()
      expect(await ann.state()).not.toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
      await world.now.sweep()
      expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
    },
  )

  it('leaves one event for a decision, with what became of its writes', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await world.now.dynamicsFault({ ...WRITES_TO_DYNAMICS, ...DONE_BUT_LOST })
    await sweepTwice()
    const events = await ann.events()
    expect(events).toHaveLength(1)
    const outcomes = await world.now.db.query<{ outcome: string }>(
      `SELECT outcome FROM consent_event_outcomes WHERE event_id = $1`,
      [events[0]!.eventId],
    )
    expect(outcomes).toEqual([{ outcome: 'unknown' }])
  })
})

describe('a system that cannot be reached, or says stop', () => {
  it('passes an opt-out on although the other system is down, and the rest later', async () => {
    const ann = await world.now.linked()
    const bo = await world.now.linked()
    await ann.unsubscribe()
    await bo.flip('deny')
    await world.now.dynamicsFault({ ...WRITES_TO_DYNAMICS, status: 503, times: 1 })
    await expect(world.now.sweep()).rejects.toMatchObject({ code: 'upstream_unavailable' })
    expect(await bo.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
    expect(await ann.state()).toMatchObject({ toggles: ['allow'], due: true })
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })

  it('reports how long Dynamics wants to be left alone, and does the rest afterwards (429)', async () => {
    const ann = await world.now.linked()
    await ann.unsubscribe()
    await world.now.dynamicsFault({
      ...WRITES_TO_DYNAMICS,
      status: 429,
      headers: { 'Retry-After': '7' },
      body: { error: { code: '0x80072322', message: 'Number of requests exceeded the limit.' } },
      times: 1,
    })
    await expect(world.now.sweep()).rejects.toMatchObject({
      code: 'upstream_rate_limited',
      retryAfterSeconds: 7,
    })
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })

  it('stores what was done of a batch that Dynamics cut short, and writes only the rest (429)', async () => {
    const people = await Promise.all([1, 2, 3].map(() => world.now.person()))
    await world.now.sweep()
    await Promise.all(people.map((person) => person.unsubscribe()))
    await world.now.dynamicsFault({
      scope: 'part',
      method: 'PATCH',
      path: 'contacts\\(',
      skip: 1,
      status: 429,
      headers: { 'Retry-After': '1' },
      body: { error: { code: '0x80072322', message: 'Number of requests exceeded the limit.' } },
    })
    await expect(world.now.sweep()).rejects.toMatchObject({ code: 'upstream_rate_limited' })
    const between = await Promise.all(people.map((person) => person.state()))
    expect(between.map((state) => state.toggles[0]).sort()).toEqual(['allow', 'allow', 'deny'])
    expect(between.map((state) => state.due).sort()).toEqual([false, true, true])
    await world.now.clearFaults()
    await world.now.timePasses()
    await world.now.sweep()
    for (const person of people) {
      expect(await person.state()).toMatchObject({ toggles: ['deny'], due: false })
    }
  })

  it.each([
    ['Dynamics says stop', 'allow'],
    ['eMarketeer says stop', 'consent'],
  ] as const)(
    'forgets no proof when a loosening was not even sent: %s (429), and no field history',
    async (_title, loosened) => {
      await world.now.dynamicsSwitch({ audit: { organization: false } })
      const ann = await world.now.linked({ basis: 'withdrawn', toggles: ['deny'] })
      const stop = { status: 429, headers: { 'Retry-After': '1' }, body: { error: {} }, times: 1 }
      if (loosened === 'allow') {
        await ann.consents('legitimateInterest')
        await world.now.dynamicsFault({ ...WRITES_TO_DYNAMICS, ...stop })
      } else {
        await ann.flip('allow')
        await world.now.emarketeerFault({ ...WRITES_TO_EMARKETEER, ...stop })
      }
      await expect(world.now.sweep()).rejects.toMatchObject({ code: 'upstream_rate_limited' })
      await world.now.timePasses()
      await world.now.sweep()
      const basis = loosened === 'allow' ? 'legitimateInterest' : 'consent'
      expect(await ann.state()).toMatchObject({ basis, toggles: ['allow'], due: false })
      await world.now.dynamicsSwitch({ audit: { organization: true } })
    },
  )

  it('goes on with the others when one row is refused', async () => {
    const ann = await world.now.linked()
    const bo = await world.now.linked()
    await ann.unsubscribe()
    await bo.unsubscribe()
    await world.now.dynamicsFault({
      scope: 'part',
      method: 'PATCH',
      path: `contacts\\(${ann.crmIds[0]}`,
      status: 400,
      body: { error: { code: '0x80040265', message: "A plug-in of the customer's says no." } },
      times: 1,
    })
    await world.now.sweep()
    expect(await bo.state()).toMatchObject({ toggles: ['deny'], due: false })
    expect(await ann.state()).toMatchObject({ toggles: ['allow'], due: true })
    await world.now.timePasses()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ toggles: ['deny'], due: false })
  })

  it('catches up after eMarketeer was down for a while', async () => {
    const ann = await world.now.linked({ basis: 'legitimateInterest' })
    await ann.flip('deny')
    await world.now.emarketeerFault({ path: '.*', status: 503 })
    await expect(world.now.sweep()).rejects.toMatchObject({ code: 'upstream_unavailable' })
    await world.now.clearFaults()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'], due: false })
  })
})
