import type { EmarketeerClient } from '../client.js'
import { UpstreamError } from '../../http/index.js'
import { rotatedSecret, webhook, webhookWithSecret } from '../wire/account-schemas.js'
import type { Wire } from './wire.js'

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
