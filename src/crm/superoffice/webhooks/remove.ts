import type { CallContext } from '../../../http/index.js'
import type { CrmFacts } from '../../crm.js'
import type { WebhookOwner } from './install.js'
import { isRefusal } from './refusal.js'
import { deleteWebhook, webhookName, webhooksNamed } from './webhook-rows.js'

/**
 * Ends the posting: deletes every webhook with the connection's name. Succeeds if nothing is there, and if the
 * installation allows us no webhooks: what may remain gets 401 from now on, because its secret is forgotten, and
 * SuperOffice gives up after nine attempts.
 * @returns facts to change. @throws UpstreamError, AppError if a retry may correct it.
 */
export async function removeWebhooks(
  { client, connectionId }: Pick<WebhookOwner, 'client' | 'connectionId'>,
  context: CallContext,
): Promise<CrmFacts> {
  try {
    for (const { webhookId } of await webhooksNamed(client, webhookName(connectionId), context)) {
      await deleteWebhook(client, webhookId, context)
    }
  } catch (error) {
    if (!isRefusal(error)) {
      throw error
    }
  }
  return { webhook: null }
}
