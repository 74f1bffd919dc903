import { Webhook, WebhookVerificationError } from 'standardwebhooks'
import { isStorableId } from '../domain/storable-text.js'
import { readSmallText } from '../http/index.js'
import type { FeedItem } from './changes.js'
import { webhookEnvelope } from './wire/change-schemas.js'
import { readChange } from './wire/read-change.js'

/** Why a delivery is refused. The sender must not retry any of them. */
export type WebhookRefusal =
  | 'missing_headers'
  | 'timestamp_unreadable'
  /** More than 5 minutes apart: a replayed delivery or a wrong clock. */
  | 'timestamp_out_of_tolerance'
  /** No signature matches one of our secrets, or the body was changed. */
  | 'bad_signature'
  /** Signed, but not in the contract's form. */
  | 'malformed_body'
  | 'other_account'

/** The change of an accepted delivery, or the refusal. */
export type WebhookVerdict =
  | { readonly ok: true; readonly webhookId: string; readonly change: FeedItem }
  | { readonly ok: false; readonly reason: WebhookRefusal }

/** A delivery as received. */
export interface WebhookDelivery {
  /** The exact bytes received, because the signature covers them. */
  readonly rawBody: Buffer
  /** Lower-case names, as in Node. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** The headers that sign a delivery. All are required. */
export const WEBHOOK_HEADERS = ['webhook-id', 'webhook-timestamp', 'webhook-signature'] as const

/**
 * Verifies a delivery by Standard Webhooks 1.0.0 and reads its change (docs/wire-emarketeer.md, EM-B7).
 * @param secrets `whsec_…`; several during a rotation.
 * @returns the change (possibly `unreadable`), or a refusal. Never throws because of the delivery.
 * @throws TypeError for a malformed secret.
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
    // The library's message may contain part of the secret.
    throw new TypeError('a webhook secret is not of the form whsec_<base64>')
  }
}

/** The library distinguishes its reasons only by message. */
function refusalOf(error: unknown): WebhookRefusal {
  const message = error instanceof WebhookVerificationError ? error.message : ''
  if (/too (old|new)/.test(message)) {
    return 'timestamp_out_of_tolerance'
  }
  return /Invalid Signature Headers/.test(message) ? 'timestamp_unreadable' : 'bad_signature'
}
