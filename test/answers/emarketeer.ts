import { Webhook } from 'standardwebhooks'
import { createPublicContacts, verifyWebhook } from '../../src/emarketeer/index.js'
import type { StateWrite } from '../../src/emarketeer/index.js'
import { expect } from '@jest/globals'
import type { UnreadableRecord } from '../../src/http/index.js'
import { type Case, Refused } from './case.js'

const AT = '2026-11-21T09:14:07.000Z'
const ACTOR = { type: 'dataSubject', id: null, name: null }
const CATEGORY = { id: 'c1', name: 'Newsletters', createdAt: AT, updatedAt: AT, archived: false }
const MEMBER = { contactId: '100001', email: 'anna@example.test', mobile: null }
const WEBHOOK = { url: 'https://hooks.example', events: ['consent.changed'], status: 'active' }
const SECRET = `whsec_${Buffer.from('0123456789abcdef01234567').toString('base64')}`

const CHANGE = {
  id: 'chg_000000000042',
  type: 'consent.changed',
  accountId: '1001',
  contactIds: ['100001'],
  email: 'anna@example.test',
  eventTime: AT,
  recordedAt: '2026-11-21T09:14:07.310Z',
  source: 'unsubscribePage',
  actor: ACTOR,
  writer: { clientId: 'legal-basis-sync', idempotencyKey: 'key-000001' },
  detail: {
    purpose: 'marketingSendouts',
    old: { legalBasis: 'consent', version: 3, eventTime: '2026-01-02T00:00:00.000Z' },
    new: { legalBasis: 'withdrawn', version: 4, eventTime: AT },
    text: null,
    comment: null,
  },
}
const CHANGE_FACTS = [
  'id',
  'type',
  'accountId',
  'contactIds',
  'email',
  'eventTime',
  'recordedAt',
  'source',
  'writer',
  'writer.clientId',
]
const POINT = { subscribed: false, version: 4, eventTime: AT }
const DETAILS: readonly (readonly [string, object, readonly string[]])[] = [
  [
    'consent.changed',
    CHANGE.detail,
    ['detail.purpose', 'detail.new.legalBasis', 'detail.new.version'],
  ],
  [
    'subscription.changed',
    { categoryId: 'c1', old: { ...POINT, subscribed: true }, new: POINT },
    ['detail.categoryId', 'detail.new.subscribed', 'detail.new.version'],
  ],
  [
    'contact.email_changed',
    { oldEmail: 'anna@old.test', newEmail: 'anna@example.test' },
    ['detail.oldEmail', 'detail.newEmail'],
  ],
  ['contact.created', { createdAt: AT, mobile: '+46' }, []],
  ['contact.deleted', { emailSha256: '00ff' }, []],
  ['category.renamed', { categoryId: 'c1', name: 'News', oldName: 'Newsletters' }, []],
]

const VALUE = { version: 3, eventTime: AT, recordedAt: AT, source: 'unsubscribePage', actor: ACTOR }
const CONSENT = { ...VALUE, legalBasis: 'withdrawn', text: null, comment: 'c' }
const VALUE_FACTS = ['version', 'eventTime', 'recordedAt', 'source']
const STATE = {
  contactId: '100001',
  email: 'anna@example.test',
  mobile: '+46',
  createdAt: AT,
  consents: { storeAndProcess: CONSENT, marketingSendouts: CONSENT },
  subscriptions: [{ ...VALUE, categoryId: 'c1', subscribed: false }],
}

const WRITE: StateWrite = {
  kind: 'subscription',
  contactId: '100001',
  categoryId: 'c1',
  subscribed: false,
  expectedVersion: 0,
  eventTimeMs: Date.parse(AT),
  actor: { type: 'crmUser', id: null, name: null },
}
const RESULT = { index: 0, status: 'applied', version: 4, changeId: 'chg_1' }

/** Results are identified by their position. */
function placed(result: unknown, index: number): unknown {
  const told = (result as { index?: unknown } | null)?.index
  return Number.isInteger(told) ? { ...(result as object), index } : result
}

export const EMARKETEER: readonly Case[] = [
  {
    answer: 'emarketeer.account',
    example: {
      accountId: '1001',
      name: 'Acme',
      sending: { requirePositiveConsent: true },
      egress: { ips: ['192.0.2.10'], proxyUrl: null },
      feed: { retentionDays: 400 },
      updatedAt: AT,
    },
    needs: [],
    body: ({ say, emarketeer, context }, given) => {
      say(() => given)
      return emarketeer.account(context)
    },
  },
  {
    answer: 'emarketeer.categoryPage',
    example: { items: [] },
    needs: ['items'],
    body: ({ say, emarketeer, context }, given) => {
      say(() => given)
      return emarketeer.categories({ includeArchived: true }, context)
    },
  },
  {
    answer: 'emarketeer.category',
    example: CATEGORY,
    others: [
      { ...CATEGORY, id: 'c2' },
      { ...CATEGORY, id: 'c3' },
    ],
    needs: ['id', 'name', 'archived'],
    records: ({ say, emarketeer, context }, items) => {
      say(() => ({ items }))
      return emarketeer.categories({ includeArchived: true }, context)
    },
  },
  {
    answer: 'emarketeer.audience',
    example: {
      audienceId: 'aud_5',
      sendoutId: 'snd_77',
      campaignId: '501',
      componentId: '9001',
      channel: 'email',
      categoryId: 'c1',
      transactional: false,
      total: 100_000,
      fixedAt: AT,
      expiresAt: AT,
    },
    needs: [
      'audienceId',
      'channel',
      'categoryId',
      'transactional',
      // Absent, nothing is lost; another sendout's audience is not ours.
      'sendoutId',
      'campaignId',
      'componentId',
    ],
    body: ({ say, emarketeer, context }, given) => {
      say(() => given)
      const request = { sendoutId: 'snd_77', campaignId: '501', componentId: '9001' }
      return emarketeer.createAudience(request, context)
    },
  },
  {
    answer: 'emarketeer.audiencePage',
    example: { items: [], nextCursor: null, total: 100_000 },
    needs: ['items', 'nextCursor'],
    body: ({ say, emarketeer, context }, given) => {
      say(() => given)
      return emarketeer.audienceContacts('aud_5', {}, context)
    },
  },
  {
    answer: 'emarketeer.member',
    example: MEMBER,
    others: [
      { ...MEMBER, contactId: '100002' },
      { ...MEMBER, contactId: '100003' },
    ],
    needs: ['contactId', 'email'],
    records: async ({ say, emarketeer, context }, items) => {
      say(() => ({ items, nextCursor: null, total: 3 }))
      const page = await emarketeer.audienceContacts('aud_5', {}, context)
      if (page.status !== 'page' || page.items.length !== items.length) {
        throw new Error('a targeted contact is gone')
      }
      return page.items.filter(({ contactId }) => contactId !== '')
    },
  },
  {
    answer: 'emarketeer.webhook',
    example: { ...WEBHOOK, createdAt: AT },
    needs: ['url'],
    body: ({ say, emarketeer, context }, given) => {
      say(() => given)
      return emarketeer.getWebhook(context)
    },
  },
  {
    answer: 'emarketeer.webhookWithSecret',
    example: { ...WEBHOOK, secret: SECRET, createdAt: AT },
    needs: ['secret'],
    body: ({ say, emarketeer, context }, given) => {
      say(() => given)
      return emarketeer.putWebhook({ url: WEBHOOK.url, events: ['consent.changed'] }, context)
    },
  },
  {
    answer: 'emarketeer.rotatedSecret',
    example: { secret: SECRET },
    needs: ['secret'],
    body: ({ say, emarketeer, context }, given) => {
      say(() => given)
      return emarketeer.rotateWebhookSecret(context)
    },
  },
  {
    answer: 'emarketeer.changesPage',
    example: { items: [], nextCursor: 'cur_1', hasMore: false },
    needs: ['items', 'nextCursor', 'hasMore'],
    body: ({ say, emarketeer, context }, given) => {
      say(() => given)
      return emarketeer.changes({ position: { from: 'now' } }, context)
    },
  },
  ...DETAILS.map(([type, detail, needs]): Case => {
    const change = { ...CHANGE, type, detail }
    return {
      answer: 'emarketeer.change',
      example: change,
      others: [
        { ...change, id: 'chg_1' },
        { ...change, id: 'chg_3' },
      ],
      needs: [...CHANGE_FACTS, ...needs],
      records: async ({ say, emarketeer, context }, items) => {
        say(() => ({ items, nextCursor: 'cur_1', hasMore: false }))
        const page = await emarketeer.changes({ position: { from: 'now' } }, context)
        return page.status === 'page' ? page.items.filter((one) => one.type !== 'unreadable') : []
      },
      never: (read) => /"(?:legalBasis":"consent|subscribed":true)/.test(JSON.stringify(read)),
    }
  }),
  {
    answer: 'emarketeer.event',
    example: { type: CHANGE.type, timestamp: AT, data: CHANGE },
    needs: ['type', 'data.id', 'data.accountId'],
    body: (_stage, given) => {
      const rawBody = Buffer.from(JSON.stringify(given) ?? '')
      const [id, at] = [CHANGE.id, new Date()]
      const headers = {
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
        'webhook-signature': new Webhook(SECRET).sign(id, at, rawBody),
      }
      const verdict = verifyWebhook({ rawBody, headers }, [SECRET], '1001')
      return verdict.ok ? Promise.resolve(verdict) : Promise.reject(new Refused(verdict.reason))
    },
  },
  {
    answer: 'emarketeer.statesRead',
    example: { items: [], missing: ['100009'] },
    needs: ['items'],
    body: async ({ say, emarketeer, context }, given) => {
      say(() => given)
      const asked = { contactIds: ['100009'] }
      const { missing, unreadable } = await emarketeer.readStates(asked, undefined, context)
      // Neither returned nor missing: unknown.
      expect([...missing, ...unreadable.map(({ contactId }) => contactId)]).toEqual(['100009'])
    },
  },
  {
    answer: 'emarketeer.statesPage',
    example: { items: [], nextCursor: null, total: 0 },
    needs: ['items', 'nextCursor'],
    body: ({ say, emarketeer, context }, given) => {
      say(() => given)
      return emarketeer.walkStates({}, context)
    },
  },
  {
    answer: 'emarketeer.contactState',
    example: STATE,
    others: [
      { ...STATE, contactId: '100002' },
      { ...STATE, contactId: '100003' },
    ],
    needs: [
      'contactId',
      'email',
      'consents',
      'subscriptions',
      ...['storeAndProcess', 'marketingSendouts'].flatMap((purpose) =>
        ['legalBasis', ...VALUE_FACTS].map((name) => `consents.${purpose}.${name}`),
      ),
      ...['categoryId', 'subscribed', ...VALUE_FACTS].map((name) => `subscriptions.0.${name}`),
    ],
    records: async ({ say, emarketeer, context }, items) => {
      say(() => ({ items, missing: [] }))
      const contactIds = items.length === 3 ? ['100001', '100002', '100003'] : ['100002', '100003']
      // If the contact cannot even be named, the missing answer also identifies it.
      const told: UnreadableRecord[] = []
      const onUnreadable = (one: UnreadableRecord) => told.push(one)
      const read = await emarketeer.readStates({ contactIds }, undefined, { onUnreadable })
      told.filter((one) => one.path !== 'missing').forEach((one) => context.onUnreadable?.(one))
      const unknown = new Set(read.unreadable.map(({ contactId }) => contactId))
      const answered = new Set(read.items.map(({ contactId }) => contactId))
      if (!contactIds.every((id) => unknown.has(id) || answered.has(id))) {
        throw new Error('who cannot be read is taken for missing')
      }
      return read.items
    },
    never: (read) =>
      /"(?:legalBasis":"(?!withdrawn|unreadable)|subscribed":true)/.test(JSON.stringify(read)),
  },
  {
    answer: 'emarketeer.writeResults',
    example: { results: [RESULT] },
    needs: ['results'],
    body: ({ say, emarketeer, context }, given) => {
      say(() => given)
      const write = { idempotencyKey: 'key-000001', source: 'crmDynamics', items: [WRITE] } as const
      return emarketeer.writeStates(write, context)
    },
  },
  {
    answer: 'emarketeer.writeResult',
    example: RESULT,
    others: [RESULT, RESULT],
    needs: ['index', 'status', 'version'],
    records: async ({ say, emarketeer, context }, given) => {
      say(() => ({ results: given.map(placed) }))
      const items = given.map(() => ({ ...WRITE }))
      const write = { idempotencyKey: 'key-000001', source: 'crmDynamics', items } as const
      const { results } = await emarketeer.writeStates(write, context)
      return results.filter(({ status }) => status !== 'unknown')
    },
  },
  {
    answer: 'emarketeer.upserted',
    example: { results: [{ index: 0, id: '100001', email: 'a@x.example', status: 'created' }] },
    needs: [],
    body: async ({ url, say, context }, given) => {
      say(() => given)
      const contacts = createPublicContacts({ connectUrl: url, apiKey: 'k' })
      try {
        return await contacts.upsert([{ email: 'a@x.example' }], context)
      } finally {
        contacts.close()
      }
    },
  },
]
