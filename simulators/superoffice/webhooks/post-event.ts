import { createHmac, randomUUID } from 'node:crypto'
import type { Webhook } from './webhook-book.js'

/** Facts of an event, without the purpose and the value (wire page, section 8). */
export interface EventFacts {
  readonly event: string
  readonly primaryKey: number
  readonly entity: string
  readonly changes: readonly string[]
  readonly associateId: number
}

/** A payload ready to be sent: the same bytes and id at every attempt. */
export interface PreparedEvent {
  readonly event: string
  readonly eventId: string
  readonly body: string
}

/** Builds the payload of one event for one webhook. */
export function prepareEvent(
  webhook: Webhook,
  facts: EventFacts,
  contextIdentifier: string,
  nowMs: number,
): PreparedEvent {
  const eventId = randomUUID()
  const body = JSON.stringify({
    EventId: eventId,
    Timestamp: new Date(nowMs).toISOString(),
    Changes: facts.changes,
    Event: facts.event,
    PrimaryKey: facts.primaryKey,
    Entity: facts.entity,
    ContextIdentifier: contextIdentifier,
    ChangedByAssociateId: facts.associateId,
    WebhookName: webhook.name,
  })
  return { event: facts.event, eventId, body }
}

/** Posts once; returns the answer's status, or 0 if there was none in time. Only 200 is a success. */
export async function postEvent(
  webhook: Webhook,
  prepared: PreparedEvent,
  extra: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number> {
  const signature =
    webhook.secret === ''
      ? {}
      : {
          'X-SuperOffice-Signature': createHmac('sha256', webhook.secret)
            .update(prepared.body)
            .digest('base64'),
        }
  try {
    const response = await fetch(webhook.targetUrl, {
      method: 'POST',
      headers: {
        ...webhook.headers,
        'Content-Type': 'application/json; charset=utf-8',
        'User-Agent': 'NetServer-Webhook/11.10.721.0',
        'X-SuperOffice-Event': prepared.event,
        'X-SuperOffice-EventId': prepared.eventId,
        ...signature,
        ...extra,
      },
      body: prepared.body,
      redirect: 'manual',
      signal,
    })
    await response.arrayBuffer()
    return response.status
  } catch {
    return 0
  }
}
