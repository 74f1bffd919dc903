import { hookPath, hookUrl } from '../contracts/names.js'
import { CHANGE_TYPES } from '../emarketeer/index.js'
import { retiredAddresses } from '../ledger/connection/webhook-addresses.js'
import type { SyncSession } from './session.js'

/**
 * Keeps eMarketeer's webhook active if set-up registered it. A webhook to another address belongs to somebody else
 * (docs/wire-emarketeer.md, EM-B7). It is registered again each time: this switches it on again after a 410 from us,
 * and returns its secret, which may differ from the stored one after an interrupted registration or a restored
 * database.
 *
 * @param keepSecret stores the secret, which may be new.
 * @throws UpstreamError.
 */
export async function tendEmarketeerWebhook(
  { db, emarketeer, connection, call, log }: SyncSession,
  keepSecret: (secret: string) => Promise<void>,
): Promise<void> {
  const { connectionId, registeredWebhooks } = connection
  if (registeredWebhooks === null) {
    return
  }
  const url = hookUrl(registeredWebhooks.publicUrl, 'em', registeredWebhooks.webhookRef)
  const known = await emarketeer.getWebhook(call)
  const retired = await retiredAddresses(db, connectionId)
  const isOurs =
    known === null ||
    known.url === url ||
    retired.some(({ webhookRef }) => known.url.endsWith(hookPath('em', webhookRef)))
  if (!isOurs) {
    return
  }
  const { secret } = await emarketeer.putWebhook({ url, events: CHANGE_TYPES }, call)
  await keepSecret(secret)
  if (known?.url !== url || known.status !== 'active') {
    log.warn(
      { connectionId },
      "eMarketeer's webhook was off, or at a former address; it is on again",
    )
  }
}

/** Keeps the CRM's webhooks active, if the CRM switches them off after failures. @throws UpstreamError. */
export async function tendWebhooks({ crm, connection, call, log }: SyncSession): Promise<void> {
  const { connectionId } = connection
  const tended = await crm?.client.tendWebhooks?.(call)
  if (tended?.reactivated) {
    log.warn({ connectionId }, 'the CRM had switched its webhooks off; they are on again')
  }
}
