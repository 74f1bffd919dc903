import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { readManyStates } from '../../src/emarketeer/index.js'
import { RequestTally } from '../../src/http/index.js'
import { startStandIn, type StandIn, upstreamError } from './stand-in.js'

describe('reading states', () => {
  let standIn: StandIn

  beforeEach(async () => {
    standIn = await startStandIn()
    await standIn.at('seed', {
      contacts: [
        {
          contactId: '100001',
          email: 'Anna@Example.test ',
          mobile: '+46',
          createdAt: '2025-02-01T08:00:00.000Z',
          consents: {
            marketingSendouts: {
              legalBasis: 'legitimateInterest',
              version: 3,
              eventTime: '2026-01-02T03:04:05.678Z',
            },
          },
          subscriptions: { c2: false },
        },
        { contactId: '100002', email: 'anna@example.test' },
        { contactId: '100003', email: null },
      ],
    })
  })
  afterEach(() => standIn.close())

  it('gives values, versions and times, and the defaults of what was never set', async () => {
    const { items, missing } = await standIn.client.readStates({
      contactIds: ['100001', '100003', '7'],
    })
    expect(missing).toEqual(['7'])
    const [anna, nobody] = items
    expect(anna).toMatchObject({
      contactId: '100001',
      email: 'anna@example.test',
      mobile: '+46',
      consents: {
        storeAndProcess: { legalBasis: 'none', version: 0, eventTimeMs: null, actor: null },
        marketingSendouts: {
          legalBasis: 'legitimateInterest',
          version: 3,
          eventTimeMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
          source: 'import',
        },
      },
      subscriptions: [
        { categoryId: 'c1', subscribed: true, version: 0, eventTimeMs: null },
        { categoryId: 'c2', subscribed: false, version: 1 },
      ],
    })
    expect(nobody).toMatchObject({ email: null, consents: null, subscriptions: null })
  })

  it('reads by address: all contacts there, oldest first, in any spelling', async () => {
    const answer = await standIn.client.readStates({ emails: ['ANNA@example.test', 'x@y.test'] })
    expect(answer.items.map((item) => item.contactId)).toEqual(['100001', '100002'])
    expect(answer.items[0]?.consents).toEqual(answer.items[1]?.consents)
    expect(answer.missing).toEqual(['x@y.test'])
  })

  it('reads half of the state when asked', async () => {
    const half = await standIn.client.readStates({ contactIds: ['100001'] }, 'consents')
    expect(half.items[0]?.subscriptions).toBeNull()
    expect(half.items[0]?.consents).not.toBeNull()
  })

  it('keeps an unknown basis to its own value', async () => {
    await standIn.at('unknown-basis', {
      contactId: '100001',
      purpose: 'marketingSendouts',
      legalBasis: 'implied',
    })
    const { items } = await standIn.client.readStates({ contactIds: ['100001', '100003'] })
    expect(items[0]?.consents?.marketingSendouts.legalBasis).toBe('unreadable')
    expect(items[0]?.consents?.marketingSendouts.version).toBe(3)
    expect(items[0]?.consents?.storeAndProcess.legalBasis).toBe('none')
    expect(items).toHaveLength(2)
  })

  it('walks every contact exactly once, page by page', async () => {
    await standIn.at('seed', { count: 25, seed: 3 })
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const page = await standIn.client.walkStates({ cursor, limit: 10 })
      expect(page.total).toBe(28)
      expect(page.items.length).toBeLessThanOrEqual(10)
      seen.push(...page.items.map((item) => item.contactId))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(seen).toHaveLength(28)
    expect(new Set(seen).size).toBe(28)
    expect(seen).toEqual([...seen].sort((a, b) => Number(a) - Number(b)))
  })

  it('splits what one call cannot hold, and counts its requests', async () => {
    await standIn.at('seed', { count: 2_500, seed: 3, emailPattern: 'p{n}@x.test' })
    const emails = Array.from({ length: 2_500 }, (_, n) => ` P${n + 1}@x.test`)
    const tally = new RequestTally()
    const context = { tally }
    const asked = ['not an address', 'a!b@x.test', ...emails, emails[0]!]
    const answer = await readManyStates(standIn.client, { emails: asked }, 'consents', context)
    expect(answer.items).toHaveLength(2_500)
    expect(answer.items[2_499]?.email).toBe('p2500@x.test')
    expect(answer.missing).toEqual(['not an address', 'a!b@x.test'])
    expect(tally.operations()).toEqual({ 'emarketeer.states.read': 3 })
    await expect(standIn.client.readStates({ emails })).rejects.toThrow(RangeError)
  })

  it('reads the others where eMarketeer refuses single ones', async () => {
    const details = [{ path: 'emails[1]', message: 'is not an e-mail address' }]
    const refusal = { error: { code: 'validation_failed', message: '1 problem', details } }
    await standIn.control.post('faults', {
      path: '/states/read',
      bodyMatches: 'bo@localhost',
      status: 422,
      body: refusal,
    })
    const emails = ['anna@example.test', 'bo@localhost', 'cy@example.test']
    const answer = await readManyStates(standIn.client, { emails })
    expect(answer.items.map((item) => item.contactId)).toEqual(['100001', '100002'])
    expect(answer.missing).toEqual(['bo@localhost', 'cy@example.test'])
  })

  it('fails where a refusal names nobody', async () => {
    const refusal = { error: { code: 'validation_failed', message: '1 problem', details: [] } }
    await standIn.control.post('faults', { path: '/states/read', status: 422, body: refusal })
    const error = await upstreamError(readManyStates(standIn.client, { contactIds: ['100001'] }))
    expect(error).toMatchObject({ code: 'upstream_refused', status: 422, paths: [] })
  })

  it.each([
    ['empty parts', { consents: {}, subscriptions: [] }],
    ['no parts', {}],
    ['nulls', { consents: null, subscriptions: null }],
  ])('takes %s for the state of a contact without e-mail only', async (_, parts) => {
    const facts = { contactId: '1', createdAt: '2026-01-01T08:00:00.000Z', ...parts }
    for (const email of [null, 'anna@example.test']) {
      const body = { items: [{ ...facts, email }], missing: [] }
      await standIn.control.post('faults', { path: '/states/read', status: 200, times: 1, body })
    }
    const { items } = await standIn.client.readStates({ contactIds: ['1'] })
    expect(items).toMatchObject([{ email: null, consents: null, subscriptions: null }])
    const ofAnna = standIn.client.readStates({ contactIds: ['1'] })
    await expect(ofAnna).resolves.toMatchObject({
      items: [],
      unreadable: [{ contactId: '1', path: 'consents' }],
    })
  })

  const VALUE = { version: 0, eventTime: null, recordedAt: null, source: null }
  const CONSENT = { ...VALUE, legalBasis: 'none' }
  const PARTS = {
    consents: { storeAndProcess: CONSENT, marketingSendouts: CONSENT },
    subscriptions: [{ ...VALUE, categoryId: 'c1', subscribed: true }],
  }
  it.each(
    (['consents', 'subscriptions'] as const).flatMap((left) =>
      [undefined, null].map((odd) => [left, odd] as const),
    ),
  )('whose %s are %s are unknown where these were asked for', async (left, odd) => {
    const anna = { contactId: '1', email: 'anna@example.test', ...PARTS, [left]: odd }
    const body = { items: [anna], missing: [] }
    await standIn.control.post('faults', { path: '/states/read', status: 200, times: 3, body })
    const other = left === 'consents' ? 'subscriptions' : 'consents'
    for (const include of [undefined, left]) {
      const read = await standIn.client.readStates({ contactIds: ['1'] }, include)
      expect(read.items).toEqual([])
      expect(read.unreadable).toMatchObject([{ contactId: '1', path: left }])
    }
    const half = await standIn.client.readStates({ contactIds: ['1'] }, other)
    expect(half).toMatchObject({ items: [{ contactId: '1' }], unreadable: [] })
  })

  it.each([
    ['is no list', { missing: 7 }],
    ['is left out', {}],
    ['names somebody else', { missing: ['99'] }],
  ])('leaves unknown whom it does not answer, where missing %s', async (_, more) => {
    const body = { items: [], ...more }
    await standIn.control.post('faults', { path: '/states/read', status: 200, times: 2, body })
    const byId = await standIn.client.readStates({ contactIds: ['1'] })
    const one = { contactId: '1', email: null, path: 'missing' }
    expect(byId).toEqual({ items: [], unreadable: [one], missing: [] })
    const byEmail = await standIn.client.readStates({ emails: ['anna@example.test'] })
    const other = { contactId: null, email: 'anna@example.test', path: 'missing' }
    expect(byEmail).toEqual({ items: [], unreadable: [other], missing: [] })
  })

  it('hands on a contact of another shape as unreadable, naming the place', async () => {
    const good = { contactId: '2', email: null, createdAt: '2026-01-01T08:00:00Z' }
    const odd = { contactId: '1', email: 'a@x.example', subscriptions: 7 }
    const body = { items: [odd, good, 7, { ...odd, contactId: 'x'.repeat(300) }], missing: [] }
    await standIn.control.post('faults', { path: '/states/read', status: 200, body })
    const read = await standIn.client.readStates({ contactIds: ['1', '2'] })
    expect(read.items.map(({ contactId }) => contactId)).toEqual(['2'])
    expect(read.unreadable).toEqual([
      { contactId: '1', email: 'a@x.example', path: 'subscriptions' },
      { contactId: null, email: null, path: '(whole body)' },
      { contactId: null, email: 'a@x.example', path: 'contactId' },
    ])
  })

  it('refuses an answer of another shape, naming the place', async () => {
    const body = { items: 7, missing: [] }
    await standIn.control.post('faults', { path: '/states/read', status: 200, body })
    const error = await upstreamError(standIn.client.readStates({ contactIds: ['1'] }))
    expect(error.code).toBe('upstream_unexpected_answer')
    expect(error.message).toContain('items')
  })
})
