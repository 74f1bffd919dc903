import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import type { ConsentWrite, SubscriptionWrite, WriteRequest } from '../../src/emarketeer/index.js'
import { RequestTally } from '../../src/http/index.js'
import { clientOf, PERSON, startStandIn, type StandIn, upstreamError } from './stand-in.js'

const AT = Date.UTC(2026, 10, 1)
const withdraw: ConsentWrite = {
  kind: 'consent',
  contactId: '100001',
  purpose: 'marketingSendouts',
  legalBasis: 'withdrawn',
  expectedVersion: 3,
  eventTimeMs: AT,
  actor: PERSON,
  comment: `Bulk Email set to Do not allow ${'.'.repeat(400)}`,
}
const off: SubscriptionWrite = {
  kind: 'subscription',
  contactId: '100001',
  categoryId: 'c1',
  subscribed: false,
  expectedVersion: 0,
  eventTimeMs: AT,
  actor: PERSON,
}

describe('writing states', () => {
  let standIn: StandIn
  let keys = 0
  const write = (...items: WriteRequest['items']): WriteRequest => ({
    idempotencyKey: `key-${String((keys += 1)).padStart(6, '0')}`,
    source: 'crmDynamics',
    items,
  })
  const fault = (rule: object) =>
    standIn.control.post('faults', { method: 'POST', path: '/states/write', ...rule })
  const changes = () => standIn.control.lines('accounts/1001/feed')

  beforeEach(async () => {
    standIn = await startStandIn()
    const consents = { marketingSendouts: { legalBasis: 'consent', version: 3 } }
    await standIn.at('seed', {
      contacts: [
        { contactId: '100001', email: 'anna@example.test', consents },
        { contactId: '100003', email: null },
      ],
    })
  })
  afterEach(() => standIn.close())

  it('applies what meets its version and says the new one', async () => {
    const answer = await standIn.client.writeStates(write(withdraw, off))
    expect(answer.replayed).toBe(false)
    expect(answer.results).toEqual([
      { status: 'applied', version: 4, changeId: 'chg_000000000001' },
      { status: 'applied', version: 1, changeId: 'chg_000000000002' },
    ])
    const { items } = await standIn.client.readStates({ contactIds: ['100001'] })
    expect(items[0]?.consents?.marketingSendouts).toMatchObject({
      legalBasis: 'withdrawn',
      version: 4,
      eventTimeMs: AT,
      source: 'crmDynamics',
      actor: PERSON,
    })
    const [stored] = await changes()
    expect(stored).toMatchObject({ detail: { comment: expect.stringMatching(/^.{255}$/) } })
    expect(items[0]?.subscriptions?.[0]).toMatchObject({ subscribed: false, version: 1 })
  })

  it('leaves an equal value alone, whatever the version', async () => {
    const same = { ...withdraw, legalBasis: 'consent', expectedVersion: 1 } as const
    const { results } = await standIn.client.writeStates(write(same))
    expect(results).toEqual([{ status: 'unchanged' }])
    expect(await changes()).toEqual([])
  })

  it('says a conflict where somebody was faster', async () => {
    await standIn.at('acts', {
      acts: [{ kind: 'subscription', contactId: '100001', categoryId: 'c1', subscribed: false }],
    })
    const on = { ...off, subscribed: true, expectedVersion: 0 }
    const { results } = await standIn.client.writeStates(
      write({ ...withdraw, expectedVersion: 2 }, on),
    )
    expect(results).toEqual([{ status: 'conflict' }, { status: 'conflict' }])
  })

  it('reports which items cannot be written', async () => {
    await standIn.at('categories/c2/archive')
    const { results } = await standIn.client.writeStates(
      write(
        { ...withdraw, contactId: '5' },
        { ...off, categoryId: 'c7' },
        { ...off, categoryId: 'c2' },
        { ...withdraw, contactId: '100003' },
      ),
    )
    const statuses = results.map(({ status }) => status)
    expect(statuses).toEqual(['notFound', 'notFound', 'invalid', 'invalid'])
  })

  it('sends a time that a wrong clock puts into the future as now', async () => {
    const aheadMs = Date.now() + 6 * 60_000
    const sent = write({ ...withdraw, eventTimeMs: aheadMs })
    expect((await standIn.client.writeStates(sent)).results).toMatchObject([{ status: 'applied' }])
    const { items } = await standIn.client.readStates({ contactIds: ['100001'] })
    expect(items[0]?.consents?.marketingSendouts.eventTimeMs).toBeLessThanOrEqual(Date.now())
    await standIn.control.post('clock', { skewMs: -10 * 60_000 })
    const late = write({ ...off, eventTimeMs: Date.now() })
    expect((await standIn.client.writeStates(late)).results).toEqual([{ status: 'invalid' }])
  })

  it('writes the others where an item is refused as malformed', async () => {
    const malformed = { ...withdraw, actor: { ...PERSON, id: 7 as unknown as string } }
    const tally = new RequestTally()
    const { results } = await standIn.client.writeStates(write(malformed, off), { tally })
    expect(results).toMatchObject([{ status: 'invalid' }, { status: 'applied', version: 1 }])
    expect(tally.totals().emarketeer).toBe(2)
    const alone = await standIn.client.writeStates(write(malformed))
    expect(alone.results).toEqual([{ status: 'invalid' }])
  })

  it('replays the first answer of a key, and refuses the key for another body', async () => {
    const request = write(withdraw)
    const first = await standIn.client.writeStates(request)
    const second = await standIn.client.writeStates(request)
    expect(second).toEqual({ results: first.results, replayed: true })
    expect(await changes()).toHaveLength(1)
    const other = { ...request, items: [off] }
    expect(await upstreamError(standIn.client.writeStates(other))).toMatchObject({
      code: 'upstream_conflict',
      upstreamCode: 'idempotency_key_reused',
      retryable: false,
      mayHaveBeenApplied: false,
    })
  })

  it.each([
    ['done, then 503', { status: 503, execute: true, times: 1 }],
    ['done, then the connection broke', { reset: true, execute: true, times: 1 }],
    ['done, then HTML', { html: true, execute: true, times: 2 }],
    ['done, then the answer was cut', { truncate: true, times: 1 }],
  ])('repeats the same call when its outcome is unknown: %s', async (_name, rule) => {
    await fault(rule)
    const tally = new RequestTally()
    const { results, replayed } = await standIn.client.writeStates(write(withdraw), { tally })
    expect(results).toMatchObject([{ status: 'applied', version: 4 }])
    expect(replayed).toBe(true)
    expect(await changes()).toHaveLength(1)
    expect(tally.totals().emarketeer).toBe(rule.times + 1)
  })

  it('repeats after a time-out of its own', async () => {
    await fault({ delayMs: 400, times: 1 })
    const hasty = clientOf(standIn.em, { requestMs: 200 })
    const { results } = await hasty.writeStates(write(withdraw))
    expect(results).toMatchObject([{ status: 'applied', version: 4 }])
    hasty.close()
  })

  it('gives up after three tries and says that it may have been applied', async () => {
    await fault({ status: 500, execute: true, times: 1 })
    await fault({ status: 503, times: 2 })
    const tally = new RequestTally()
    const error = await upstreamError(standIn.client.writeStates(write(withdraw), { tally }))
    expect(error).toMatchObject({ status: 503, retryable: true, mayHaveBeenApplied: true })
    expect(tally.totals().emarketeer).toBe(3)
    expect(await changes()).toHaveLength(1)
  })

  it('remembers an unknown outcome when a later try was surely not applied', async () => {
    await fault({ reset: true, execute: true, times: 1 })
    await fault({ status: 429, headers: { 'Retry-After': '9' }, times: 1 })
    expect(await upstreamError(standIn.client.writeStates(write(withdraw)))).toMatchObject({
      code: 'upstream_rate_limited',
      retryAfterSeconds: 9,
      mayHaveBeenApplied: true,
    })
  })

  it('throws 429 immediately, with the time to wait', async () => {
    await fault({ status: 429, headers: { 'Retry-After': '30' } })
    const tally = new RequestTally()
    const error = await upstreamError(standIn.client.writeStates(write(withdraw), { tally }))
    expect(error).toMatchObject({ retryAfterSeconds: 30, mayHaveBeenApplied: false })
    expect(tally.totals().emarketeer).toBe(1)
  })

  it('waits while the first call with the key still runs', async () => {
    await standIn.control.post('slow-writes', { ms: 600 })
    const hasty = clientOf(standIn.em, { requestMs: 300 })
    const { results, replayed } = await hasty.writeStates(write(withdraw))
    expect(results).toMatchObject([{ status: 'applied', version: 4 }])
    expect(replayed).toBe(true)
    expect(await changes()).toHaveLength(1)
    hasty.close()
  })

  it('stops waiting when the caller cancels', async () => {
    await fault({ status: 503, headers: { 'Retry-After': '4' } })
    const controller = new AbortController()
    const context = { signal: controller.signal, onRequest: () => controller.abort('over') }
    const error = await upstreamError(standIn.client.writeStates(write(withdraw), context))
    expect(error).toMatchObject({ code: 'upstream_cancelled', mayHaveBeenApplied: true })
  })

  it('refuses an answer whose results cannot be distinguished', async () => {
    await fault({
      status: 200,
      body: { results: [{ index: 1, status: 'unchanged', version: 1 }] },
    })
    expect(await upstreamError(standIn.client.writeStates(write(withdraw)))).toMatchObject({
      code: 'upstream_unexpected_answer',
      mayHaveBeenApplied: true,
    })
  })

  it('sends nothing that breaks a limit, or is empty', async () => {
    const many = Array.from({ length: 1_001 }, () => withdraw)
    await expect(standIn.client.writeStates(write(...many))).rejects.toThrow(RangeError)
    const badKey = { ...write(withdraw), idempotencyKey: 'short' }
    await expect(standIn.client.writeStates(badKey)).rejects.toThrow(RangeError)
    expect((await standIn.client.writeStates(write())).results).toEqual([])
    expect(await standIn.control.get('requests')).toMatchObject({ total: 0 })
  })
})
