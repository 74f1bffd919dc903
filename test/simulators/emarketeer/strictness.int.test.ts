import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals'
import { startStandIn, type StandIn } from '../../emarketeer/stand-in.js'

const item = {
  contactId: '100001',
  purpose: 'marketingSendouts',
  legalBasis: 'withdrawn',
  expectedVersion: 0,
  eventTime: '2026-11-21T09:14:07.000Z',
  actor: { type: 'crmUser', id: null, name: null },
}
const write = { clientId: 'test', source: 'crmDynamics', items: [item] }
const idempotent = { 'idempotency-key': 'strict-001' }

describe('the stand-in is as strict as the contract', () => {
  let standIn: StandIn
  beforeAll(async () => {
    standIn = await startStandIn()
    await standIn.at('seed', { contacts: [{ contactId: '100001', email: 'anna@example.test' }] })
  })
  beforeEach(() => standIn.control.post('rate-limit', { limit: null }))
  afterAll(() => standIn.close())

  async function call(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ) {
    const layer = path.startsWith('/v1') ? '/contacts-api' : '/sync-internal/v1/accounts/1001'
    const key = path.startsWith('/v1') ? 'public-1001' : 'service-key'
    const response = await fetch(standIn.em.url + layer + path, {
      method,
      headers: {
        'x-api-key': key,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    const parsed = (text === '' ? {} : JSON.parse(text)) as {
      error?: { code: string; requestId: string; details: { path: string }[] }
      items?: unknown[]
    }
    return {
      status: response.status,
      headers: response.headers,
      code: parsed.error?.code,
      path: parsed.error?.details[0]?.path,
      requestId: parsed.error?.requestId,
      items: parsed.items,
    }
  }

  it.each([
    ['GET', '/changes', undefined, 422, 'validation_failed'],
    ['GET', '/changes?from=now&cursor=x', undefined, 422, 'validation_failed'],
    ['GET', '/changes?from=soon', undefined, 422, 'validation_failed'],
    ['GET', '/changes?from=now&limit=1001', undefined, 422, 'validation_failed'],
    ['GET', '/changes?from=now&limit=0', undefined, 422, 'validation_failed'],
    ['GET', '/changes?from=now&limit=1e2', undefined, 422, 'validation_failed'],
    ['GET', '/changes?from=now&waitSeconds=21', undefined, 422, 'validation_failed'],
    ['GET', '/changes?from=now&types=consent.changed,x', undefined, 422, 'validation_failed'],
    ['GET', '/changes?from=now&extra=1', undefined, 422, 'validation_failed'],
    ['GET', '/changes?from=now&from=now', undefined, 422, 'validation_failed'],
    ['GET', `/changes?from=now&x=${'y'.repeat(9_000)}`, undefined, 414, 'uri_too_long'],
    ['GET', '/states?limit=1001', undefined, 422, 'validation_failed'],
    ['GET', '/categories?includeArchived=1', undefined, 422, 'validation_failed'],
    ['GET', '/nothing', undefined, 404, 'not_found'],
    ['GET', '/audiences/aud_9/contacts', undefined, 404, 'not_found'],
    ['GET', '/audiences/aud_9/contacts?limit=5001', undefined, 422, 'validation_failed'],
    ['PATCH', '/webhook', {}, 405, 'method_not_allowed'],
    ['POST', '/states/read', '{"contactIds":', 400, 'malformed_json'],
    ['POST', '/states/read', {}, 422, 'validation_failed'],
    ['POST', '/states/read', { contactIds: ['1'], emails: ['a@b.c'] }, 422, 'validation_failed'],
    ['POST', '/states/read', { contactIds: [100001] }, 422, 'validation_failed'],
    ['POST', '/states/read', { contactIds: ['1', '1'] }, 422, 'validation_failed'],
    ['POST', '/states/read', { contactIds: ['c1'] }, 422, 'validation_failed'],
    ['POST', '/states/read', { emails: ['A@b.c', 'a@b.c '] }, 422, 'validation_failed'],
    ['POST', '/states/read', { emails: ['a'] }, 422, 'validation_failed'],
    ['POST', '/states/read', { contactIds: ['1'], more: 1 }, 422, 'validation_failed'],
    ['POST', '/states/read', { contactIds: ['1'], include: ['all'] }, 422, 'validation_failed'],
    ['POST', '/states/read', { contactIds: Array(1_001).fill('1') }, 422, 'limit_exceeded'],
    ['PUT', '/webhook', { url: 'ftp://x', events: ['consent.changed'] }, 422, 'validation_failed'],
    ['PUT', '/webhook', { url: 'http://x', events: ['all'] }, 422, 'validation_failed'],
    ['POST', '/webhook/rotate-secret', undefined, 404, 'not_found'],
    ['POST', '/v1/contacts', { contacts: [{ firstName: 'A' }] }, 422, 'validation_failed'],
    ['POST', '/v1/contacts', { contacts: [{ email: 'a!@b.c' }] }, 422, 'validation_failed'],
    ['POST', '/v1/contacts', { contacts: Array(101).fill({}) }, 422, 'limit_exceeded'],
    [
      'POST',
      '/v1/contacts',
      { contacts: [{ email: 'a@b.c', consent: 1 }] },
      422,
      'validation_failed',
    ],
  ])('%s %.50s with %j: %i %s', async (method, path, body, status, code) => {
    const answer = await call(method, path, body)
    expect([answer.status, answer.code]).toEqual([status, code])
    expect(answer.headers.get('x-request-id')).toBe(answer.requestId)
  })

  it.each([
    ['legalBasis', { legalBasis: 'maybe' }],
    ['purpose', { purpose: 'profiling' }],
    ['expectedVersion', { expectedVersion: '0' }],
    ['expectedVersion', { expectedVersion: -1 }],
    ['contactId', { contactId: 'c1' }],
    ['eventTime', { eventTime: '2026-11-21T09:14:07+01:00' }],
    ['eventTime', { eventTime: '2026-11-21T09:14:07Z' }],
    ['actor', { actor: null }],
    ['actor.type', { actor: { ...item.actor, type: 'robot' } }],
    ['comment', { comment: 'x'.repeat(256) }],
    ['', { subscribed: true }],
  ])('refuses a whole write for one bad item (%s, %j)', async (path, change) => {
    const body = { ...write, items: [item, { ...item, ...change }] }
    const answer = await call('POST', '/states/write', body, idempotent)
    expect([answer.status, answer.code]).toEqual([422, 'validation_failed'])
    expect(answer.path).toBe(path === '' ? 'items[1]' : `items[1].${path}`)
    expect(await standIn.control.lines('accounts/1001/feed')).toEqual([])
  })

  it('refuses a write without a proper key, with an odd writer, or too many items', async () => {
    expect((await call('POST', '/states/write', write)).path).toBe('Idempotency-Key')
    const short = { 'idempotency-key': 'short' }
    expect((await call('POST', '/states/write', write, short)).status).toBe(422)
    for (const change of [{ clientId: 'a b' }, { source: 'api' }, { extra: true }]) {
      const answer = await call('POST', '/states/write', { ...write, ...change }, idempotent)
      expect(answer.status).toBe(422)
    }
    const many = { ...write, items: Array(1_001).fill(item) }
    expect((await call('POST', '/states/write', many, idempotent)).code).toBe('limit_exceeded')
  })

  it('refuses a body that is too large, of another type, or not UTF-8', async () => {
    const large = JSON.stringify({ contactIds: ['1'], pad: 'x'.repeat(2 * 1024 * 1024) })
    expect((await call('POST', '/states/read', large)).code).toBe('payload_too_large')
    const text = await call('POST', '/states/read', '{}', { 'content-type': 'text/plain' })
    expect([text.status, text.code]).toEqual([415, 'unsupported_media_type'])
    const response = await fetch(`${standIn.em.url}/sync-internal/v1/accounts/1001/states/read`, {
      method: 'POST',
      headers: { 'x-api-key': 'service-key', 'content-type': 'application/json' },
      body: Buffer.from([0x7b, 0xff, 0x7d]),
    })
    expect(response.status).toBe(400)
    await response.text()
  })

  it('keeps the layers and accounts apart', async () => {
    const key = (name: string) => ({ 'x-api-key': name })
    expect((await call('GET', '/', undefined, key(''))).code).toBe('invalid_api_key')
    expect((await call('GET', '/', undefined, key('public-1001'))).code).toBe('forbidden')
    expect((await call('GET', '/v1/contacts?email=a', undefined, key('service-key'))).code).toBe(
      'forbidden',
    )
    await standIn.control.post('accounts', { accountId: '3003', serviceKey: 'only-3003' })
    expect((await call('GET', '/', undefined, key('only-3003'))).code).toBe('forbidden')
  })

  it('limits the rate of an account and says when to come back', async () => {
    await standIn.control.post('rate-limit', { limit: { perSecond: 0.4, burst: 2 } })
    const answers = [await call('GET', '/'), await call('GET', '/'), await call('GET', '/')]
    expect(answers.map((it) => it.status)).toEqual([200, 200, 429])
    expect(answers[2]?.code).toBe('rate_limited')
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  })

  it('filters the feed by type, and answers a long poll as soon as such a change comes', async () => {
    const started = performance.now()
    const waiting = call('GET', '/changes?from=now&waitSeconds=20&types=category.created')
    await standIn.at('acts', { acts: [{ kind: 'complaint', contactId: '100001' }] })
    await standIn.at('categories', { id: 'c9', name: 'Late' })
    expect((await waiting).items).toMatchObject([{ type: 'category.created' }])
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
