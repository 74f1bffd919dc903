import type { SyncSession } from './session.js'

/** Looks after the CRM's webhooks, where the CRM switches them off after failures. @throws UpstreamError. */
export async function tendWebhooks({ crm, connection, call, log }: SyncSession): Promise<void> {
  const { connectionId } = connection
  const tended = await crm?.client.tendWebhooks?.(call)
  if (tended?.reactivated) {
    log.warn({ connectionId }, 'the CRM had switched its webhooks off; they are on again')
  }
}
