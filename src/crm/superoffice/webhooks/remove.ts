import type { CallContext } from '../../../http/index.js'
import type { CrmFacts } from '../../crm.js'
import type { WebhookOwner } from './install.js'
import { isRefusal } from './refusal.js'
import { deleteWebhook, webhookName, webhooksNamed } from './webhook-rows.js'

/**
 * Ends the posting: whatever bears the connection's name is deleted. Nothing there is fine, and so is an installation
 * that lets us have no webhooks: what might be left there is answered with 401 from now on, as its secret is forgotten,
 * and SuperOffice gives up after nine attempts.
 *
 * @returns facts to change. @throws UpstreamError, AppError where another attempt may mend it.
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
