import type { SyncSession } from './session.js'

/**
 * Looks after the CRM's webhooks, where the CRM switches them off after failures. A failure here fails nobody: the
 * sweep that calls it does the webhooks' work.
 */
export async function tendWebhooks({ crm, connection, call, log }: SyncSession): Promise<void> {
  const { connectionId } = connection
  try {
    const tended = await crm?.session.tendWebhooks?.(call)
    if (tended?.reactivated) {
      log.warn({ connectionId }, 'the CRM had switched its webhooks off; they are on again')
    }
  } catch (error) {
    log.warn({ connectionId, err: error }, 'the webhooks could not be looked after')
  }
}
