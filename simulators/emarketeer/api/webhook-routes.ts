import { z } from 'zod'
import { json } from '../../common/http-server.js'
import { notFound } from '../http/api-error.js'
import { check, parseBody } from '../http/body.js'
import { Query } from '../http/query.js'
import type { Account, WebhookState } from '../model/account.js'
import { CHANGE_TYPES } from '../model/feed.js'
import { iso } from '../model/values.js'
import { newSecret } from '../webhooks/sign.js'
import type { Route } from './route.js'

const DAY_MS = 86_400_000

const putBody = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  events: z
    .array(z.enum(CHANGE_TYPES as [string, ...string[]]))
    .min(1)
    .refine((events) => new Set(events).size === events.length, 'has repeats'),
})

/** EM-B7: the account's webhook. */
export const webhookRoutes: readonly Route[] = [
  {
    method: 'PUT',
    pattern: /^\/webhook$/,
    operation: 'PUT /webhook',
    handle: ({ account, request }) => {
      new Query(request, [])
      const { url, events } = check(putBody, parseBody(request))
      const old = account.webhook
      account.webhook = {
        url,
        events: events as WebhookState['events'],
        secrets: old?.secrets ?? [{ secret: newSecret(), untilMs: null }],
        status: 'active',
        createdAtMs: old?.createdAtMs ?? account.now(),
      }
      const secret = account.webhook.secrets[0]!.secret
      return json(old === null ? 201 : 200, { ...render(account.webhook), secret })
    },
  },
  {
    method: 'GET',
    pattern: /^\/webhook$/,
    operation: 'GET /webhook',
    handle: ({ account, request }) => {
      new Query(request, [])
      return json(200, render(existing(account)))
    },
  },
  {
    method: 'DELETE',
    pattern: /^\/webhook$/,
    operation: 'DELETE /webhook',
    handle: ({ account, request }) => {
      new Query(request, [])
      existing(account)
      account.webhook = null
      return { status: 204 }
    },
  },
  {
    method: 'POST',
    pattern: /^\/webhook\/rotate-secret$/,
    operation: 'POST /webhook/rotate-secret',
    handle: ({ account, request }) => {
      new Query(request, [])
      const webhook = existing(account)
      const secret = newSecret()
      const untilMs = account.now() + DAY_MS
      webhook.secrets = [
        { secret, untilMs: null },
        ...webhook.secrets.map((old) => ({ ...old, untilMs: old.untilMs ?? untilMs })),
      ]
      return json(200, { secret })
    },
  },
]

function existing(account: Account): WebhookState {
  if (account.webhook === null) {
    throw notFound('webhook')
  }
  return account.webhook
}

function render({ url, events, status, createdAtMs }: WebhookState) {
  return { url, events, status, createdAt: iso(createdAtMs) }
}
