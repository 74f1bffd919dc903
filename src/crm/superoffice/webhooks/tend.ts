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
 * Switches our webhook on again if SuperOffice switched it off after failures (docs/wire-superoffice.md, 8). One that
 * somebody stopped without a failure, or deleted, stays: set-up installs it again. The sweep does not depend on it, so
 * a refusal by SuperOffice is ignored.
 * @returns whether it was off. @throws UpstreamError if a retry helps or credentials are refused; AppError also if the
 * secret cannot be opened any more.
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
    // An update needs the complete webhook, including its secret, which cannot be read.
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
