import { type CallContext, checkUrl } from '../../../http/index.js'
import type { FactSecrets, WebhookInstallation, WebhookTarget } from '../../crm.js'
import type { SuperOfficeClient } from '../client.js'
import type { WebhookFacts } from '../facts.js'
import { isRefusal, refusalInWords } from './refusal.js'
import { newSecret } from './secret.js'
import { deleteWebhook, saveWebhook, webhookName, webhooksNamed } from './webhook-rows.js'

/** The connection that installing, tending and removing work for. */
export interface WebhookOwner {
  readonly client: SuperOfficeClient
  readonly connectionId: string
  /** As set-up left it; undefined: none. */
  readonly webhook: WebhookFacts | undefined
  readonly secrets: FactSecrets
  readonly allowLoopbackHttp: boolean
}

/** Secrets kept during an exchange: after a lost answer, SuperOffice may have any of them. */
const MOST_SECRETS = 3

/**
 * Makes SuperOffice post changes to the gateway (docs/wire-superoffice.md, 8). Looks for ours by name first, as two
 * registrations make two webhooks. The secret is always new; it is stored, sealed, before SuperOffice receives it,
 * because the test event is already signed with it. The previous one stays valid for events under way.
 * @returns not installed, and why, if SuperOffice refuses: the earlier state remains. @throws UpstreamError for
 * whatever a retry may correct, AppError `crm_tenant_unavailable`.
 */
export async function installWebhooks(
  owner: WebhookOwner,
  { url, keep }: WebhookTarget,
  context: CallContext,
): Promise<WebhookInstallation> {
  const { client, connectionId, webhook, secrets } = owner
  if (checkUrl(url, owner.allowLoopbackHttp) !== null) {
    const reason = `SuperOffice posts only to https, and PUBLIC_URL is ${new URL(url).origin}.`
    return { installed: false, reason, facts: {} }
  }
  const name = webhookName(connectionId)
  try {
    const [own, ...further] = await webhooksNamed(client, name, context)
    for (const { webhookId } of further) {
      await deleteWebhook(client, webhookId, context)
    }
    // A secret that an earlier attempt may have registered is tried again: a new one would push out the previous one.
    const tried = webhook?.pending === true ? pendingOf(webhook, secrets) : null
    const secret = tried ?? newSecret()
    const earlier = webhook?.secrets.slice(tried === null ? 0 : 1) ?? []
    const known = [secrets.seal(secret), ...earlier].slice(0, MOST_SECRETS)
    await keep({ webhook: { url, secrets: known, pending: true } satisfies WebhookFacts })
    await saveWebhook(client, own?.webhookId ?? null, { name, url, secret }, context)
    const facts = { webhook: { url, secrets: known.slice(0, 2) } satisfies WebhookFacts }
    return { installed: true, reason: null, facts }
  } catch (error) {
    if (isRefusal(error)) {
      const facts = { webhook: webhook ?? null }
      return { installed: false, reason: refusalInWords(error, url), facts }
    }
    throw error
  }
}

/** Null if it cannot be opened any more. */
function pendingOf({ secrets: [newest = ''] }: WebhookFacts, { open }: FactSecrets): string | null {
  try {
    return open(newest)
  } catch {
    return null
  }
}
