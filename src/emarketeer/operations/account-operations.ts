import { readRecords, UpstreamError } from '../../http/index.js'
import { type AudienceMember, type AudienceRequest, UNKNOWN_EMAIL } from '../account.js'
import type { EmarketeerClient } from '../client.js'
import {
  account,
  audience,
  audiencePage,
  category,
  categoryPage,
  member,
  rotatedSecret,
  webhook,
  webhookWithSecret,
} from '../wire/account-schemas.js'
import { assertAtMost, type Wire } from './wire.js'

/** Largest page of members (EM-B6). */
const MAX_AUDIENCE_PAGE = 5_000

/** Stands for a member that does not fit the contract. It cannot be mailed, but counts as targeted. */
const NOBODY: AudienceMember = { contactId: '', email: UNKNOWN_EMAIL, mobile: null }

/** EM-B1, EM-B5, EM-B6: the account, its categories and audiences. */
export function accountOperations({
  http,
  call,
}: Wire): Pick<EmarketeerClient, 'account' | 'categories' | 'createAudience' | 'audienceContacts'> {
  return {
    async account(context) {
      const at = (path: '/' | '') =>
        call({ method: 'GET', path, operation: 'GET /', name: 'account', effect: 'read', context })
      try {
        await http.json(at('/'), account)
      } catch (error) {
        if (error instanceof UpstreamError && error.code === 'upstream_not_found') {
          // The contract does not state whether the base itself ends in a slash. An unknown account is 404 in both
          // cases.
          await http.json(at(''), account)
          return
        }
        throw error
      }
    },

    async categories({ includeArchived }, context) {
      const request = call({
        method: 'GET',
        path: '/categories',
        operation: 'GET /categories',
        name: 'categories',
        effect: 'read',
        query: { includeArchived },
        context,
      })
      const { items } = (await http.json(request, categoryPage)).body
      return readRecords(category, items, context)
    },

    async createAudience({ sendoutId, campaignId, componentId }, context) {
      const asked = { sendoutId, campaignId, componentId }
      const request = call({
        method: 'POST',
        path: '/audiences',
        operation: 'POST /audiences',
        name: 'audiences.create',
        // A repeat returns the same audience, so a lost answer does not matter.
        effect: 'read',
        json: asked,
        context,
      })
      const { audienceId, channel, categoryId, transactional, ...stated } = (
        await http.json(request, audience)
      ).body
      assertSame(asked, stated, request.operation)
      return { audienceId, channel, categoryId, transactional }
    },

    async audienceContacts(audienceId, { cursor, limit }, context) {
      assertAtMost(limit ?? 0, MAX_AUDIENCE_PAGE, 'audience page')
      const request = call({
        method: 'GET',
        path: `/audiences/${encodeURIComponent(audienceId)}/contacts`,
        operation: 'GET /audiences/{audienceId}/contacts',
        name: 'audiences.contacts',
        effect: 'read',
        query: { cursor: cursor ?? undefined, limit },
        context,
      })
      try {
        const { items, ...rest } = (await http.json(request, audiencePage)).body
        const members = items.map((one) => readRecords(member, [one], context)[0] ?? NOBODY)
        return { status: 'page', items: members, ...rest }
      } catch (error) {
        if (error instanceof UpstreamError && error.upstreamCode === 'audience_expired') {
          return { status: 'audienceExpired' }
        }
        throw error
      }
    },
  }
}

/**
 * Another sendout's audience would bring other people, and another category to judge them by.
 * @throws UpstreamError `upstream_unexpected_answer`, not retryable.
 */
function assertSame(
  asked: AudienceRequest,
  stated: Readonly<Record<keyof AudienceRequest, string | null>>,
  operation: string,
): void {
  for (const field of ['sendoutId', 'campaignId', 'componentId'] as const) {
    if (stated[field] !== null && stated[field] !== asked[field]) {
      throw new UpstreamError({
        code: 'upstream_unexpected_answer',
        system: 'emarketeer',
        retryable: false,
        mayHaveBeenApplied: false,
        operation,
        message: `the audience of another ${field}`,
      })
    }
  }
}

/** EM-B7: the account's one webhook. */
export function webhookOperations({
  http,
  call,
}: Wire): Pick<
  EmarketeerClient,
  'getWebhook' | 'putWebhook' | 'deleteWebhook' | 'rotateWebhookSecret'
> {
  return {
    async getWebhook(context) {
      const request = call({
        method: 'GET',
        path: '/webhook',
        operation: 'GET /webhook',
        name: 'webhook.get',
        effect: 'read',
        context,
      })
      try {
        return (await http.json(request, webhook)).body
      } catch (error) {
        if (error instanceof UpstreamError && error.code === 'upstream_not_found') {
          return null
        }
        throw error
      }
    },

    async putWebhook({ url, events }, context) {
      const request = call({
        method: 'PUT',
        path: '/webhook',
        operation: 'PUT /webhook',
        name: 'webhook.put',
        effect: 'write',
        json: { url, events },
        context,
      })
      return (await http.json(request, webhookWithSecret)).body
    },

    async deleteWebhook(context) {
      await http.text(
        call({
          method: 'DELETE',
          path: '/webhook',
          operation: 'DELETE /webhook',
          name: 'webhook.delete',
          effect: 'write',
          acceptStatuses: [404],
          context,
        }),
      )
    },

    async rotateWebhookSecret(context) {
      const request = call({
        method: 'POST',
        path: '/webhook/rotate-secret',
        operation: 'POST /webhook/rotate-secret',
        name: 'webhook.rotate',
        effect: 'write',
        context,
      })
      return (await http.json(request, rotatedSecret)).body
    },
  }
}
