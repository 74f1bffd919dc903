import { z } from 'zod'
import { answer, type CallContext, entries, part, readRecords } from '../../../http/index.js'
import type { SuperOfficeClient } from '../client.js'
import { encodeParameters } from '../wire/filter.js'

/** Most are other people's, and an odd one must not matter. */
export const webhookRow = answer(
  { name: 'superoffice.webhook', operation: 'GET /Webhook', lossUnit: 'record' },
  part({
    WebhookId: z.int().positive(),
    Name: z.string(),
    State: z.string().nullish().catch(null),
  }),
)
/** The server sometimes sends null for an empty list. */
const webhookList = answer(
  { name: 'superoffice.webhooks', operation: 'GET /Webhook', lossUnit: 'page' },
  entries.nullable(),
)

/** A webhook as SuperOffice lists it, without its secret. */
export interface WebhookRow {
  readonly webhookId: number
  /** `Active`, `Stopped`, `TooManyErrors`. */
  readonly state: string
}

/** A webhook to register. */
export interface WebhookDraft {
  readonly name: string
  readonly url: string
  readonly secret: string
}

/** Every event that may concern a consent (docs/wire-superoffice.md, 8). */
const EVENTS = [
  'person.consented',
  'person.unconsented',
  'person.created',
  'person.changed',
  'person.softdeleted',
  'person.deleted',
]

/** Webhooks of exactly this name, oldest first: names may repeat. @throws UpstreamError, AppError */
export async function webhooksNamed(
  client: SuperOfficeClient,
  name: string,
  context: CallContext,
): Promise<readonly WebhookRow[]> {
  const { body } = await client.json(
    {
      method: 'GET',
      path: `/Webhook?${encodeParameters({ nameFilter: name })}`,
      operation: webhookList.operation,
      name: 'webhooks.look',
      effect: 'read',
    },
    webhookList,
    context,
  )
  return readRecords(webhookRow, body ?? [], context)
    .filter((one) => one.Name === name)
    .map(({ WebhookId, State }) => ({ webhookId: WebhookId, state: State ?? '' }))
    .sort((a, b) => a.webhookId - b.webhookId)
}

/**
 * Registers or updates a webhook and switches it on. SuperOffice first posts a test event, and refuses unless the
 * answer is 200. @throws UpstreamError, AppError
 */
export async function saveWebhook(
  client: SuperOfficeClient,
  webhookId: number | null,
  { name, url, secret }: WebhookDraft,
  context: CallContext,
): Promise<void> {
  const isNew = webhookId === null
  await client.text(
    {
      method: isNew ? 'POST' : 'PUT',
      path: isNew ? '/Webhook' : `/Webhook/${webhookId}`,
      operation: isNew ? 'POST /Webhook' : 'PUT /Webhook/{id}',
      name: 'webhooks.save',
      effect: 'write',
      json: {
        ...(isNew ? {} : { WebhookId: webhookId }),
        Name: name,
        Events: EVENTS,
        TargetUrl: url,
        Secret: secret,
        State: 'Active',
        Type: 'webhook',
      },
    },
    context,
  )
}

/** Deletes a webhook. @throws UpstreamError, AppError */
export async function deleteWebhook(
  client: SuperOfficeClient,
  webhookId: number,
  context: CallContext,
): Promise<void> {
  await client.text(
    {
      method: 'DELETE',
      path: `/Webhook/${webhookId}`,
      operation: 'DELETE /Webhook/{id}',
      name: 'webhooks.remove',
      effect: 'write',
      acceptStatuses: [404],
    },
    context,
  )
}

/** Whether it failed before; the text may quote addresses and is not kept. @throws UpstreamError, AppError */
export async function hasFailed(
  client: SuperOfficeClient,
  webhookId: number,
  context: CallContext,
): Promise<boolean> {
  const { body } = await client.text(
    {
      method: 'GET',
      path: `/Webhook/${webhookId}/LastError`,
      operation: 'GET /Webhook/{id}/LastError',
      name: 'webhooks.look',
      effect: 'read',
    },
    context,
  )
  return !['', 'null', '""'].includes(body.trim())
}

/** Name of a connection's webhook, which identifies it wherever the gateway moves. */
export function webhookName(connectionId: string): string {
  return `eMarketeer sync (${connectionId})`
}
