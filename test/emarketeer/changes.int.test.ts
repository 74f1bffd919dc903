import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { type ChangesAnswer, type FeedPosition, isOwnEcho } from '../../src/emarketeer/index.js'
import { clientOf, PERSON, startStandIn, type StandIn, upstreamError } from './stand-in.js'

const BEGINNING: FeedPosition = { from: 'beginning' }

function page(answer: ChangesAnswer) {
  if (answer.status !== 'page') {
    throw new Error(answer.status)
  }
  return answer
}

describe('the change feed', () => {
  let standIn: StandIn

  beforeEach(async () => {
    standIn = await startStandIn()
    await standIn.at('seed', {
      contacts: [
        {
          contactId: '100001',
          email: 'anna@example.test',
          createdAt: '2026-01-02T00:00:00.000Z',
          consents: { marketingSendouts: { legalBasis: 'consent', version: 3 } },
        },
      ],
    })
  })
  afterEach(() => standIn.close())

  const read = async (position: FeedPosition, more = {}) =>
    page(await standIn.client.changes({ position, ...more }))

  it('returns a withdrawal with both points, and what comes after a cursor only', async () => {
    const { nextCursor } = await read({ from: 'now' })
    const eventTime = '2026-11-20T10:00:00.000Z'
    await standIn.at('acts', {
      acts: [{ kind: 'unsubscribeAll', email: 'anna@example.test', eventTime }],
    })
    const { items, hasMore } = await read({ cursor: nextCursor })
    expect(hasMore).toBe(false)
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({
      type: 'consent.changed',
      contactIds: ['100001'],
      email: 'anna@example.test',
      eventTimeMs: Date.parse(eventTime),
      source: 'unsubscribePage',
      actor: { type: 'dataSubject' },
      writer: null,
      purpose: 'marketingSendouts',
      after: { legalBasis: 'withdrawn', version: 4 },
    })
  })

  it('recognises its own echo', async () => {
    await standIn.client.writeStates({
      idempotencyKey: 'key-00001',
      source: 'crmDynamics',
      items: [
        {
          kind: 'subscription',
          contactId: '100001',
          categoryId: 'c1',
          subscribed: false,
          expectedVersion: 0,
          eventTimeMs: Date.now(),
          actor: PERSON,
        },
      ],
    })
    await standIn.at('acts', { acts: [{ kind: 'complaint', contactId: '100001' }] })
    const [ours, theirs] = (await read(BEGINNING)).items
    expect(ours).toMatchObject({
      type: 'subscription.changed',
      categoryId: 'c1',
      after: { subscribed: false, version: 1 },
      writer: { clientId: 'legal-basis-sync' },
    })
    expect([ours, theirs].map((it) => it!.type !== 'unreadable' && isOwnEcho(it!))).toEqual([
      true,
      false,
    ])
  })

  it('pages, and moves the cursor past what was read', async () => {
    for (const name of ['A', 'B', 'C']) {
      await standIn.at('categories', { name })
    }
    await standIn.at('acts', { acts: [{ kind: 'complaint', contactId: '100001' }] })
    const first = await read(BEGINNING, { limit: 2 })
    expect([first.items.length, first.hasMore]).toEqual([2, true])
    const rest = await read({ cursor: first.nextCursor })
    expect([rest.items.length, rest.hasMore]).toEqual([2, false])
    expect((await read({ cursor: rest.nextCursor })).items).toEqual([])
  })

  it('starts at a time', async () => {
    await standIn.at('categories', { name: 'A' })
    const timeMs = Date.now() + 60_000
    expect((await read({ from: { timeMs } })).items).toEqual([])
    expect((await read({ from: { timeMs: Date.now() - 60_000 } })).items).toHaveLength(1)
  })

  it('says that a cursor or a time has expired, as an outcome', async () => {
    const { nextCursor } = await read({ from: 'now' })
    await standIn.at('expire', { cursors: true })
    const expired = { status: 'cursorExpired' }
    expect(await standIn.client.changes({ position: { cursor: nextCursor } })).toEqual(expired)
    const timeMs = Date.now() - 401 * 86_400_000
    expect(await standIn.client.changes({ position: { from: { timeMs } } })).toEqual(expired)
  })

  it('refuses a damaged cursor and one of another account', async () => {
    const { nextCursor } = await read({ from: 'now' })
    const other = clientOf(standIn.em, { accountId: '2002' })
    for (const call of [
      standIn.client.changes({ position: { cursor: `x${nextCursor}` } }),
      other.changes({ position: { cursor: nextCursor } }),
    ]) {
      expect(await upstreamError(call)).toMatchObject({
        code: 'upstream_refused',
        status: 422,
        upstreamCode: 'validation_failed',
        retryable: false,
      })
    }
    other.close()
  })

  it('hands malformed items on, between the others', async () => {
    await standIn.at('categories', { id: 'c8', name: 'First' })
    const [good] = await standIn.control.lines<Record<string, unknown>>('accounts/1001/feed')
    const bad = [
      { ...good, id: 'chg_x1', type: 'contact.merged', contactIds: ['100001'] },
      { ...good, id: 'chg_x2', eventTime: 'yesterday', contactIds: ['100001', 7] },
      { ...good, id: 'chg_x3', accountId: '2002', contactIds: ['100001'] },
      null,
    ]
    for (const item of bad) {
      await standIn.at('feed', { item })
    }
    await standIn.at('categories', { id: 'c9', name: 'Last' })
    const { items } = await read(BEGINNING)
    expect(items.map((it) => it.type)).toEqual([
      'category.created',
      ...bad.map(() => 'unreadable'),
      'category.created',
    ])
    expect(items.slice(1, 5)).toEqual([
      {
        type: 'unreadable',
        id: 'chg_x1',
        contactIds: ['100001'],
        reason: 'unknown_type',
        path: 'type',
      },
      {
        type: 'unreadable',
        id: 'chg_x2',
        contactIds: ['100001'],
        reason: 'malformed',
        path: expect.stringMatching(/^(contactIds\[1\]|eventTime)$/),
      },
      {
        type: 'unreadable',
        id: 'chg_x3',
        contactIds: [],
        reason: 'other_account',
        path: 'accountId',
      },
      {
        type: 'unreadable',
        id: null,
        contactIds: [],
        reason: 'malformed',
        path: 'accountId',
      },
    ])
  })

  it.each([undefined, null, 1001, ['1001']])(
    'has its contacts read if its account is not clear: %j',
    async (accountId) => {
      await standIn.at('feed', {
        item: { id: 'chg_x5', type: 'consent.changed', accountId, contactIds: ['100001'] },
      })
      expect((await read(BEGINNING)).items.at(-1)).toMatchObject({
        reason: 'malformed',
        path: 'accountId',
        contactIds: ['100001'],
      })
    },
  )
})
