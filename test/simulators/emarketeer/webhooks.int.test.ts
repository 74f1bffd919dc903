import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { verifyWebhook } from '../../../src/emarketeer/index.js'
import { startStandIn, type StandIn } from '../../emarketeer/stand-in.js'
import { type Received, Receiver } from './receiver.js'

describe('webhooks of the stand-in', () => {
  let standIn: StandIn
  let receiver: Receiver
  let secret: string

  beforeEach(async () => {
    standIn = await startStandIn()
    receiver = await Receiver.start()
    const events = ['consent.changed', 'contact.created'] as const
    secret = (await standIn.client.putWebhook({ url: receiver.url, events })).secret
    await standIn.at('seed', { count: 600, seed: 1, emailPattern: 'p{n}@x.test' })
  })
  afterEach(async () => {
    await standIn.close()
    await receiver.close()
  })

  const complain = (...numbers: number[]) =>
    standIn.at('acts', {
      acts: numbers.map((n) => ({ kind: 'complaint', email: `p${n}@x.test` })),
    })
  const verify = (delivery: Received, secrets: string[]) =>
    verifyWebhook({ rawBody: delivery.body, headers: delivery.headers }, secrets, '1001')

  it('posts what was asked for, signed, with the id of the feed', async () => {
    await standIn.at('categories', { name: 'Not asked for' })
    await complain(1)
    const delivery = await receiver.next()
    const verdict = verify(delivery, [secret])
    const feed = await standIn.client.changes({ position: { from: 'beginning' } })
    const items = feed.status === 'page' ? feed.items : []
    expect(verdict).toMatchObject({ ok: true })
    expect(verdict.ok && verdict.change).toEqual(
      items.find(({ type }) => type === 'consent.changed'),
    )
    expect(receiver.received).toHaveLength(1)
  })

  it('signs with both secrets after a rotation', async () => {
    const rotated = await standIn.client.rotateWebhookSecret()
    await complain(1)
    const delivery = await receiver.next()
    expect(verify(delivery, [secret]).ok).toBe(true)
    expect(verify(delivery, [rotated.secret]).ok).toBe(true)
    await standIn.control.post('clock', { skewMs: 86_400_000 + 1_000 })
    await complain(2)
    const later = await receiver.next()
    expect(later.headers['webhook-signature']?.split(' ')).toHaveLength(1)
  })

  it('retries with the same id until it is taken', async () => {
    receiver.answers.push({ status: 500 }, { status: 503, retryAfter: '0' })
    await complain(1)
    const tries = [await receiver.next(), await receiver.next(), await receiver.next()]
    expect(new Set(tries.map((it) => it.headers['webhook-id'])).size).toBe(1)
    expect(await standIn.control.get('webhooks')).toMatchObject({ offered: 1, attempts: 3 })
  })

  it('is switched off by 410 and on again by a PUT', async () => {
    receiver.answers.push({ status: 410 })
    await complain(1)
    await receiver.next()
    await receiver.until(async () => (await standIn.client.getWebhook())?.status === 'disabled')
    await complain(2)
    const events = ['consent.changed'] as const
    expect(await standIn.client.putWebhook({ url: receiver.url, events })).toMatchObject({ secret })
    await complain(3)
    const verdict = verify(await receiver.next(), [secret])
    expect(verdict.ok && verdict.change.type !== 'unreadable' && verdict.change.email).toBe(
      'p3@x.test',
    )
  })

  it('sends none for a bulk action over 500', async () => {
    await standIn.at('bulk', {
      contactIds: 'all',
      purpose: 'marketingSendouts',
      legalBasis: 'consent',
    })
    await complain(7)
    await receiver.next()
    expect(await standIn.control.get('webhooks')).toMatchObject({ offered: 1 })
    expect((await standIn.control.lines('accounts/1001/feed')).length).toBe(601)
  })

  it('loses, doubles and delays on demand', async () => {
    await standIn.control.post('webhook-faults', { lose: 1 })
    await complain(1)
    await standIn.control.post('webhook-faults', { duplicate: 1 })
    await complain(2)
    const both = [await receiver.next(), await receiver.next()]
    expect(both[0]?.headers['webhook-id']).toBe(both[1]?.headers['webhook-id'])
    await standIn.control.post('webhook-faults', { delay: 1, delayMs: 150 })
    await complain(3)
    await standIn.control.post('webhook-faults', {})
    await complain(4)
    const emails = [await receiver.next(), await receiver.next()].map(
      (it) => (JSON.parse(it.body.toString()) as { data: { email: string } }).data.email,
    )
    expect(emails).toEqual(['p4@x.test', 'p3@x.test'])
    expect(await standIn.control.get('webhooks')).toMatchObject({ offered: 4, lost: 1 })
  })
})
