import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { json } from '../../common/http-server.js'
import { invalid, tooMany } from '../http/api-error.js'
import { check, listLength, parseBody } from '../http/body.js'
import { Query } from '../http/query.js'
import { BASES, SYNCED_PURPOSES } from '../model/values.js'
import { writeItem } from '../model/write-items.js'
import type { Route } from './route.js'

const MAX_ITEMS = 1_000
const MAX_ITEMS_WITH_WEBHOOKS = 500

const facts = {
  contactId: z.string().regex(/^\d+$/, 'is not numeric text'),
  expectedVersion: z.int().nonnegative(),
  eventTime: z.iso.datetime({ precision: 3 }),
  actor: z.strictObject({
    type: z.enum(['dataSubject', 'user', 'crmUser', 'system']),
    id: z.string().nullable(),
    name: z.string().nullable(),
  }),
}
const consentItem = z.strictObject({
  ...facts,
  purpose: z.enum(SYNCED_PURPOSES),
  legalBasis: z.enum(BASES),
  text: z.string().max(2_000).nullish(),
  comment: z.string().max(255).nullish(),
})
const subscriptionItem = z.strictObject({
  ...facts,
  categoryId: z.string(),
  subscribed: z.boolean(),
})
const writeBody = z.strictObject({
  clientId: z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/),
  source: z.string(),
  items: z.array(z.unknown()),
})

/** EM-B4: the conditional bulk write. */
export const writeRoutes: readonly Route[] = [
  {
    method: 'POST',
    pattern: /^\/states\/write$/,
    operation: 'POST /states/write',
    handle: ({ world, account, request }) => {
      new Query(request, [])
      const key = request.headers['idempotency-key'] ?? ''
      if (!/^[A-Za-z0-9._:-]{8,128}$/.test(key)) {
        throw invalid([{ path: 'Idempotency-Key', message: 'is missing or malformed' }])
      }
      const raw = parseBody(request)
      if (listLength(raw, 'items') > MAX_ITEMS) {
        throw tooMany('items', MAX_ITEMS)
      }
      const body = check(writeBody, raw)
      if (!world.sources.includes(body.source)) {
        throw invalid([{ path: 'source', message: `must be one of ${world.sources.join(', ')}` }])
      }
      // Checked by its intended kind, so that an error names the field and not the union.
      const items = body.items.map((item, index) =>
        isSubscription(item)
          ? check(subscriptionItem, item, `items[${index}]`)
          : check(consentItem, item, `items[${index}]`),
      )
      return world.idempotency.once(account.accountId, key, request.body, async () => {
        if (world.slowWritesMs > 0) {
          await sleep(world.slowWritesMs)
        }
        const writer = { clientId: body.clientId, idempotencyKey: key }
        const silent = items.length > MAX_ITEMS_WITH_WEBHOOKS
        const results = items.map((item, index) => ({
          index,
          ...writeItem(account, item, body.source, writer, silent),
        }))
        return json(200, { results })
      })
    },
  },
]

function isSubscription(item: unknown): boolean {
  return typeof item === 'object' && item !== null && 'categoryId' in item
}
