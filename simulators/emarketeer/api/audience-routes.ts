import { z } from 'zod'
import { json } from '../../common/http-server.js'
import { ApiError, notFound } from '../http/api-error.js'
import { check, parseBody } from '../http/body.js'
import { makeCursor, readCursor } from '../http/cursor.js'
import { Query } from '../http/query.js'
import type { Account, Audience } from '../model/account.js'
import { fixAudience } from '../model/audience.js'
import { iso } from '../model/values.js'
import type { Route } from './route.js'

const createBody = z.strictObject({
  sendoutId: z.string().min(1),
  campaignId: z.string(),
  componentId: z.string(),
})

/** EM-B6: the audience of a sendout. */
export const audienceRoutes: readonly Route[] = [
  {
    method: 'POST',
    pattern: /^\/audiences$/,
    operation: 'POST /audiences',
    handle: ({ account, request }) => {
      new Query(request, [])
      const { sendoutId, campaignId, componentId } = check(createBody, parseBody(request))
      const known = account.audiences.get(sendoutId)
      if (known !== undefined) {
        const same =
          known.component.campaignId === campaignId && known.component.componentId === componentId
        if (!same) {
          throw new ApiError(409, 'idempotency_key_reused', 'the sendout has another component')
        }
        return json(200, render(known))
      }
      const component = account.components.get(`${campaignId}/${componentId}`)
      if (component === undefined) {
        throw notFound('campaign or component')
      }
      return json(201, render(fixAudience(account, sendoutId, component)))
    },
  },
  {
    method: 'GET',
    pattern: /^\/audiences\/([^/]+)\/contacts$/,
    operation: 'GET /audiences/{audienceId}/contacts',
    handle: ({ account, request, parts }) => {
      const query = new Query(request, ['cursor', 'limit'])
      const limit = query.integer('limit', 1, 5_000, 1_000)
      const audience = find(account, parts[0]!)
      const kind = `audience:${audience.audienceId}`
      const cursor = query.text('cursor')
      const start = cursor === undefined ? 0 : readCursor(cursor, account.accountId, kind).position
      const end = Math.min(start + limit, audience.members.length)
      const facts = { accountId: account.accountId, kind, position: end, generation: 0 }
      return json(200, {
        items: audience.members
          .slice(start, end)
          .map(({ id, email, mobile }) => ({ contactId: String(id), email, mobile })),
        nextCursor: end < audience.members.length ? makeCursor(facts) : null,
        total: audience.members.length,
      })
    },
  },
]

function find(account: Account, audienceId: string): Audience {
  const audience = [...account.audiences.values()].find((it) => it.audienceId === audienceId)
  if (audience === undefined) {
    throw notFound('audience')
  }
  if (account.now() >= audience.expiresAtMs) {
    throw new ApiError(410, 'audience_expired', 'the audience is older than 7 days')
  }
  return audience
}

function render({ audienceId, sendoutId, component, members, fixedAtMs, expiresAtMs }: Audience) {
  const { campaignId, componentId, channel, categoryId, transactional } = component
  return {
    audienceId,
    sendoutId,
    campaignId,
    componentId,
    channel,
    categoryId,
    transactional,
    total: members.length,
    fixedAt: iso(fixedAtMs),
    expiresAt: iso(expiresAtMs),
  }
}
