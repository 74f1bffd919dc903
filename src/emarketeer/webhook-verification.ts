import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { isStorableId } from '../domain/storable-text.js'
import { readSmallText } from '../http/index.js'
import type { FeedItem } from './changes.js'
import { webhookEnvelope } from './wire/change-schemas.js'
import { readChange } from './wire/read-change.js'

/** Why a delivery is not believed. None of them is worth a retry by the sender. */
export type WebhookRefusal =
  | 'missing_headers'
  | 'timestamp_unreadable'
  /** More than 5 minutes off: an old delivery played again, or a clock gone wrong. */
  | 'timestamp_out_of_tolerance'
  /** None of the signatures fits any of our secrets, or the body was changed. */
  | 'bad_signature'
  /** Signed, but not the envelope of the contract. */
  | 'malformed_body'
  | 'other_account'

/** A delivery that is believed, or why not. */
export type WebhookVerdict =
  | { readonly ok: true; readonly webhookId: string; readonly change: FeedItem }
  | { readonly ok: false; readonly reason: WebhookRefusal }

/** One delivery as it came in. */
export interface WebhookDelivery {
  /** Exactly the bytes received: the signature is over them. */
  readonly rawBody: Buffer
  /** Lower-case names, as Node gives them. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** What a delivery is signed by; one without any of them is none. */
export const WEBHOOK_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const

/**
 * Verifies a delivery per Standard Webhooks 1.0.0 and reads its change (docs/wire-emarketeer.md, EM-B7).
 *
 * @param secrets `whsec_…`; several while one is being replaced. A text that is no secret is a `TypeError`.
 * @returns the change (possibly `unreadable`), or a refusal. Never throws for what was sent.
 */
export function verifyWebhook(
  delivery: WebhookDelivery,
  secrets: readonly string[],
  accountId: string,
): WebhookVerdict {
  const headers: Record<string, string> = {}
  for (const name of WEBHOOK_HEADERS) {
    const value = delivery.headers[name]
    if (typeof value !== 'string' || value === '') {
      return { ok: false, reason: 'missing_headers' }
    }
    headers[name] = value
  }
  const refusal = checkSignatures(delivery.rawBody, headers, secrets)
  if (refusal !== null) {
    return { ok: false, reason: refusal }
  }
  const webhookId = headers['webhook-id'] ?? ''
  const body = readSmallText(webhookEnvelope, delivery.rawBody)
  if (body === null || !isStorableId(webhookId)) {
    return { ok: false, reason: 'malformed_body' }
  }
  const change = readChange(body.data, accountId)
  if (change.type === 'unreadable') {
    return change.reason === 'other_account'
      ? { ok: false, reason: 'other_account' }
      : { ok: true, webhookId, change }
  }
  if (change.id !== webhookId || change.type !== body.type) {
    return { ok: false, reason: 'malformed_body' }
  }
  return { ok: true, webhookId, change }
}

function checkSignatures(
  rawBody: Buffer,
  headers: Record<string, string>,
  secrets: readonly string[],
): WebhookRefusal | null {
  let refusal: WebhookRefusal = 'bad_signature'
  for (const secret of secrets) {
    const webhook = verifier(secret)
    try {
      webhook.verify(rawBody, headers, { jsonParse: false })
      return null
    } catch (error) {
      refusal = refusalOf(error)
    }
  }
  return refusal
}

function verifier(secret: string): Webhook {
  try {
    return new Webhook(secret)
  } catch {
    // The library's own message may show a part of the secret.
    throw new TypeError('a webhook secret is not of the form whsec_<base64>')
  }
}

/** The library tells its reasons apart by message only. */
function refusalOf(error: unknown): WebhookRefusal {
  const message = error instanceof WebhookVerificationError ? error.message : ''
  if (/too (old|new)/.test(message)) {
    return 'timestamp_out_of_tolerance'
  }
  return /Invalid Signature Headers/.test(message) ? 'timestamp_unreadable' : 'bad_signature'
}
