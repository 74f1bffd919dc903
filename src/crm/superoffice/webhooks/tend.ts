import type { CallContext } from '../../../http/index.js'
import type { WebhookOwner } from './install.js'
import { openSecrets } from './open-secrets.js'
import { isRefusal } from './refusal.js'
import {
  hasFailed,
  saveWebhook,
  webhookName,
  type WebhookRow,
  webhooksNamed,
} from './webhook-rows.js'

/**
 * Switches our webhook on again that SuperOffice switched off after failures (docs/wire-superoffice.md, 8). One that
 * somebody stopped without a failure, or deleted, was meant so and stays: set-up installs it again. The sweep does not
 * depend on it, so that what SuperOffice refuses here is left as it is.
 *
 * @returns whether it had to. @throws UpstreamError where trying again helps or credentials are refused; AppError also
 *   where the secret does not open any more.
 */
export async function tendWebhooks(
  { client, connectionId, webhook, secrets }: WebhookOwner,
  context: CallContext,
): Promise<{ readonly reactivated: boolean }> {
  if (webhook === undefined) {
    return { reactivated: false }
  }
  const name = webhookName(connectionId)
  try {
    const [own] = await webhooksNamed(client, name, context)
    if (own === undefined || !(await failedOff(own))) {
      return { reactivated: false }
    }
    // The whole webhook has to be given, its secret too, which is nowhere to be read.
    const [secret = ''] = openSecrets(webhook, secrets)
    await saveWebhook(client, own.webhookId, { name, url: webhook.url, secret }, context)
    return { reactivated: true }
  } catch (error) {
    if (isRefusal(error)) {
      return { reactivated: false }
    }
    throw error
  }

  async function failedOff({ webhookId, state }: WebhookRow): Promise<boolean> {
    const stopped = state === 'Stopped' && (await hasFailed(client, webhookId, context))
    return state === 'TooManyErrors' || stopped
  }
}
