import { describe, expect, it } from '@jest/globals'
import { createHmac, randomBytes } from 'node:crypto'
import { verifyWebhook } from '../../src/emarketeer/index.js'

const secret = `whsec_${randomBytes(24).toString('base64')}`
const other = `whsec_${randomBytes(24).toString('base64')}`
const change = {
  id: 'chg_000000000042',
  type: 'consent.changed',
  accountId: '1001',
  contactIds: ['100001'],
  email: 'anna@example.test',
  eventTime: '2026-11-21T09:14:07.000Z',
  recordedAt: '2026-11-21T09:14:07.310Z',
  source: 'unsubscribePage',
  actor: { type: 'dataSubject', id: null, name: null },
  writer: null,
  detail: {
    purpose: 'marketingSendouts',
    old: { legalBasis: 'consent', version: 3, eventTime: '2026-01-02T00:00:00.000Z' },
    new: { legalBasis: 'withdrawn', version: 4, eventTime: '2026-11-21T09:14:07.000Z' },
    text: null,
    comment: null,
  },
}
const envelope = { type: change.type, timestamp: change.eventTime, data: change as unknown }

function sign(key: string, id: string, timestamp: string, body: string): string {
  const bytes = Buffer.from(key.slice('whsec_'.length), 'base64')
  return `v1,${createHmac('sha256', bytes).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}

function delivery(options: { body?: unknown; ageSeconds?: number; keys?: string[] } = {}) {
  const body = JSON.stringify(options.body ?? envelope)
  const timestamp = String(Math.floor(Date.now() / 1000) - (options.ageSeconds ?? 0))
  const keys = options.keys ?? [secret]
  const headers: Record<string, string | undefined> = {
    'webhook-id': change.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.map((key) => sign(key, change.id, timestamp, body)).join(' '),
  }
  return { rawBody: Buffer.from(body), headers }
}

describe('verifyWebhook', () => {
  it('believes a signed delivery and reads its change', () => {
    expect(verifyWebhook(delivery(), [secret], '1001')).toMatchObject({
      ok: true,
      webhookId: change.id,
      change: { type: 'consent.changed', after: { legalBasis: 'withdrawn', version: 4 } },
    })
  })

  it('believes either secret while one replaces the other', () => {
    expect(verifyWebhook(delivery({ keys: [other, secret] }), [secret], '1001').ok).toBe(true)
    expect(verifyWebhook(delivery({ keys: [secret] }), [other, secret], '1001').ok).toBe(true)
  })

  const refused = (given: ReturnType<typeof delivery>, accountId = '1001') => {
    const verdict = verifyWebhook(given, [secret], accountId)
    return verdict.ok ? 'believed' : verdict.reason
  }

  it('refuses a wrong secret, none at all, and a changed body, id or time', () => {
    expect(refused(delivery({ keys: [other] }))).toBe('bad_signature')
    expect(verifyWebhook(delivery(), [], '1001')).toEqual({ ok: false, reason: 'bad_signature' })
    const changed = delivery()
    changed.rawBody[20] = changed.rawBody[20]! ^ 1
    expect(refused(changed)).toBe('bad_signature')
    for (const name of ['webhook-id', 'webhook-timestamp']) {
      const moved = delivery()
      moved.headers[name] =
        name === 'webhook-id' ? 'chg_1' : String(Math.floor(Date.now() / 1000) - 9)
      expect(refused(moved)).toBe('bad_signature')
    }
  })

  it('refuses signatures of another form without throwing', () => {
    for (const signature of ['v1', 'v1,', 'v2,abc', ',', 'v1,\u00e5']) {
      const odd = delivery()
      odd.headers['webhook-signature'] = signature
      expect(refused(odd)).toBe('bad_signature')
    }
  })

  it('refuses what is more than five minutes off, either way', () => {
    expect(refused(delivery({ ageSeconds: 310 }))).toBe('timestamp_out_of_tolerance')
    expect(refused(delivery({ ageSeconds: -310 }))).toBe('timestamp_out_of_tolerance')
    expect(refused(delivery({ ageSeconds: 280 }))).toBe('believed')
  })

  it('refuses missing headers and an unreadable time', () => {
    for (const name of ['webhook-id', 'webhook-timestamp', 'webhook-signature']) {
      const bare = delivery()
      bare.headers[name] = undefined
      expect(refused(bare)).toBe('missing_headers')
    }
    const odd = delivery()
    odd.headers['webhook-timestamp'] = 'soon'
    expect(refused(odd)).toBe('timestamp_unreadable')
  })

  it('refuses a body that is not the envelope, or is about something else', () => {
    expect(refused(delivery({ body: { data: change } }))).toBe('malformed_body')
    expect(refused(delivery({ body: { ...envelope, type: 'contact.deleted' } }))).toBe(
      'malformed_body',
    )
    expect(refused(delivery({ body: { ...envelope, data: { ...change, id: 'chg_1' } } }))).toBe(
      'malformed_body',
    )
    expect(refused(delivery(), '2002')).toBe('other_account')
  })

  it('hands a signed but unreadable change on, to be looked up', () => {
    const data = { ...change, type: 'consent.merged' }
    const verdict = verifyWebhook(
      delivery({ body: { ...envelope, type: data.type, data } }),
      [secret],
      '1001',
    )
    expect(verdict).toMatchObject({
      ok: true,
      change: { type: 'unreadable', id: change.id, contactIds: ['100001'] },
    })
  })

  it('names a secret that is none without showing it', () => {
    expect(() => verifyWebhook(delivery(), ['whsec_%%%geheim'], '1001')).toThrow(TypeError)
    expect(() => verifyWebhook(delivery(), ['whsec_%%%geheim'], '1001')).not.toThrow(/geheim/)
  })
})
