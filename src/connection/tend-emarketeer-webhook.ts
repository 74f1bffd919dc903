import { CHANGE_TYPES } from '../emarketeer/index.js'
import type { SyncSession } from './session.js'

/**
 * Looks after eMarketeer's webhook: switched off after a 410 of ours, or gone, it is registered again, if set-up had
 * registered it; one that points elsewhere is somebody else's (docs/wire-emarketeer.md, B7).
 *
 * @param keepSecret stores what the webhook signs with; it may be a new one.
 * @throws UpstreamError.
 */
export async function tendEmarketeerWebhook(
  { emarketeer, connection, call, log }: SyncSession,
  keepSecret: (secret: string) => Promise<void>,
): Promise<void> {
  const { connectionId, facts } = connection
  const url = ownUrl(facts['webhooks'])
  if (url === null) {
    return
  }
  const known = await emarketeer.getWebhook(call)
  if (known !== null && (known.url !== url || known.status === 'active')) {
    return
  }
  const { secret } = await emarketeer.putWebhook({ url, events: CHANGE_TYPES }, call)
  await keepSecret(secret)
  log.warn({ connectionId }, 'eMarketeer had switched its webhook off; it is on again')
}

/** Beside the CRM's, which set-up has kept; null: set-up has registered none. */
function ownUrl(webhooks: unknown): string | null {
  const url = (webhooks as { readonly url?: unknown } | null | undefined)?.url
  return typeof url === 'string' ? url.replace('/hooks/crm/', '/hooks/em/') : null
}
