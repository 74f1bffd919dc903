import { describe, expect, it } from '@jest/globals'
import { expireCursor } from './support/cursors.js'
import { lateWrite } from './support/twists.js'
import { withWorld } from './support/world.js'

const world = withWorld()
const WRITES_TO_DYNAMICS = { method: 'POST', path: '\\$batch', bodyMatches: 'PATCH /api' }
const WRITES_TO_EMARKETEER = { method: 'POST', path: '/states/write' }
const DONE_BUT_LOST = { execute: true, reset: true, times: 1 }

/** A sweep that may fail; then time passes, and an undisturbed one. */
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

  it('tells how long Dynamics wants to be left alone, and does the rest afterwards (429)', async () => {
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

describe('changes that nobody told of, and cursors that are lost', () => {
  it('finds by the sweep what no webhook told (E5)', async () => {
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

  it('walks over everybody after a change that names nobody and cannot be read', async () => {
    const ann = await world.now.linked()
    await world.now.standIns.emarketeer.post('accounts/1001/feed', {
      item: { id: 'odd', type: 'consent.changed', nonsense: true },
    })
    await ann.unsubscribe()
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
    await ann.flip('deny')
    await world.now.sweep()
    expect(await ann.events()).toEqual([])
    expect(await ann.state()).toMatchObject({ basis: 'consent', toggles: ['deny'] })
    await world.now.standIns.emarketeer.post('accounts/1001/unknown-basis', {
      contactId: ann.contactId,
      purpose: 'marketingSendouts',
      legalBasis: null,
    })
    await ann.consents('consent')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })

  it('writes nothing over a toggle that is empty', async () => {
    const ann = await world.now.linked()
    await ann.edit({ donotbulkemail: null })
    await ann.unsubscribe()
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: [null] })
    expect(await ann.events()).toEqual([])
    await ann.flip('allow')
    await world.now.sweep()
    expect(await ann.state()).toMatchObject({ basis: 'withdrawn', toggles: ['deny'] })
  })
})
