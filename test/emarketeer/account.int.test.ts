import { afterEach, beforeEach, describe, expect, it } from '@jest/globals'
import { createPublicContacts } from '../../src/emarketeer/index.js'
import { RequestTally } from '../../src/http/index.js'
import { clientOf, startStandIn, type StandIn, upstreamError } from './stand-in.js'

describe('account, categories, audiences, webhook, public contacts', () => {
  let standIn: StandIn
  beforeEach(async () => {
    standIn = await startStandIn()
  })
  afterEach(() => standIn.close())

  it('asks whether there is an account', async () => {
    await expect(standIn.client.account()).resolves.toBeUndefined()
  })

  it('asks for it also where the path must not end in a slash', async () => {
    const body = { error: { code: 'not_found', message: 'no such path' } }
    await standIn.control.post('faults', { path: '/accounts/1001/$', status: 404, body })
    await expect(standIn.client.account()).resolves.toBeUndefined()
  })

  it('distinguishes a wrong key, a foreign layer and an unknown account', async () => {
    for (const [config, code] of [
      [{ apiKey: 'wrong' }, 'upstream_auth_failed'],
      [{ apiKey: 'public-1001' }, 'upstream_forbidden'],
      [{ accountId: '9' }, 'upstream_not_found'],
    ] as const) {
      const client = clientOf(standIn.em, config)
      expect(await upstreamError(client.account())).toMatchObject({ code, retryable: false })
      client.close()
    }
  })

  it('lists categories, archived ones when asked', async () => {
    await standIn.at('categories/c2/archive')
    const live = await standIn.client.categories({ includeArchived: false })
    expect(live).toMatchObject([{ categoryId: 'c1', name: 'Newsletters', archived: false }])
    const all = await standIn.client.categories({ includeArchived: true })
    expect(all.map((it) => [it.categoryId, it.archived])).toEqual([
      ['c1', false],
      ['c2', true],
    ])
  })

  it('fixes an audience, pages through it, and says when it has expired', async () => {
    await standIn.at('seed', { count: 12, seed: 1, mobileRate: 0 })
    await standIn.at('campaigns', {
      campaignId: '501',
      componentId: '9001',
      channel: 'email',
      categoryId: 'c1',
      transactional: false,
      target: { all: true },
    })
    const request = { sendoutId: 'snd_1', campaignId: '501', componentId: '9001' }
    const audience = await standIn.client.createAudience(request)
    expect(audience).toMatchObject({ channel: 'email', categoryId: 'c1' })
    await standIn.at('contacts', { email: 'late@example.test' })
    expect(await standIn.client.createAudience(request)).toEqual(audience)
    expect(
      await upstreamError(standIn.client.createAudience({ ...request, componentId: '2' })),
    ).toMatchObject({ code: 'upstream_conflict', upstreamCode: 'idempotency_key_reused' })
    expect(
      await upstreamError(
        standIn.client.createAudience({ ...request, sendoutId: 's2', campaignId: '5' }),
      ),
    ).toMatchObject({ code: 'upstream_not_found' })

    const members: string[] = []
    let cursor: string | null = null
    do {
      const page = await standIn.client.audienceContacts(audience.audienceId, { cursor, limit: 5 })
      if (page.status !== 'page') {
        throw new Error(page.status)
      }
      members.push(...page.items.map((item) => item.contactId))
      cursor = page.nextCursor
    } while (cursor !== null)
    expect(members).toHaveLength(12)
    expect(new Set(members).size).toBe(12)

    await standIn.at('expire', { audiences: true })
    expect(await standIn.client.audienceContacts(audience.audienceId, {})).toEqual({
      status: 'audienceExpired',
    })
  })

  it.each(['sendoutId', 'campaignId', 'componentId'])(
    'takes no audience of another %s',
    async (field) => {
      const request = { sendoutId: 'snd_1', campaignId: '501', componentId: '9001' }
      const settings = { audienceId: 'aud_5', channel: 'email', categoryId: null }
      const body = { ...request, ...settings, transactional: true, [field]: '777' }
      await standIn.control.post('faults', { path: '/accounts/1001/audiences$', status: 201, body })
      expect(await upstreamError(standIn.client.createAudience(request))).toMatchObject({
        code: 'upstream_unexpected_answer',
        retryable: false,
        message: expect.stringContaining(field),
      })
    },
  )

  it('registers, rotates and removes the webhook', async () => {
    const { client } = standIn
    expect(await client.getWebhook()).toBeNull()
    const webhook = {
      url: 'http://127.0.0.1:1/hooks',
      events: ['consent.changed', 'contact.created'],
    } as const
    const first = await client.putWebhook(webhook)
    expect((await client.putWebhook(webhook)).secret).toBe(first.secret)
    expect(await client.getWebhook()).toEqual({ url: webhook.url, status: 'active' })
    const rotated = await client.rotateWebhookSecret()
    expect(rotated.secret).toMatch(/^whsec_/)
    expect(rotated.secret).not.toBe(first.secret)
    await client.deleteWebhook()
    await client.deleteWebhook()
    expect(await client.getWebhook()).toBeNull()
  })

  it('creates contacts through the public API, but those that it refuses', async () => {
    const contacts = createPublicContacts({ connectUrl: standIn.em.url, apiKey: 'public-1001' })
    await contacts.upsert([
      { email: 'Anna@example.test', firstName: 'Anna', mobile: '+46' },
      { email: 'bo@example.test' },
    ])
    await contacts.upsert([{ email: 'anna@example.test', firstName: null }])
    await contacts.upsert([{ email: 'no address' }, { email: 'cy@example.test' }])
    await contacts.upsert([{ email: 'no address' }])
    const { items, missing } = await standIn.client.readStates({
      emails: ['anna@example.test', 'bo@example.test', 'cy@example.test'],
    })
    expect(items).toHaveLength(3)
    expect(missing).toEqual([])
    expect(items[0]).toMatchObject({
      mobile: '+46',
      consents: { marketingSendouts: { legalBasis: 'none', version: 0 } },
    })
    contacts.close()
  })

  it('leaves the public API alone while it asked for time, or refuses the key', async () => {
    for (const [status, headers] of [
      [429, { 'Retry-After': '60' }],
      [401, {}],
    ] as const) {
      const contacts = createPublicContacts({ connectUrl: standIn.em.url, apiKey: 'public-1001' })
      const tally = new RequestTally()
      await standIn.control.post('faults', { path: '^/contacts-api/', status, headers, times: 1 })
      for (let tries = 0; tries < 2; tries += 1) {
        const error = await upstreamError(contacts.upsert([{ email: 'a@example.test' }], { tally }))
        expect(error.status).toBe(status)
      }
      expect(tally.totals().emarketeer).toBe(1)
      contacts.close()
    }
  })
})
