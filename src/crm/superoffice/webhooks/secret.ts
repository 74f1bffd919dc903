import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { FactSecrets } from '../../crm.js'
import type { WebhookFacts } from '../facts.js'

/** Header with the signature; SuperOffice leaves it out for a webhook without a secret. */
export const SIGNATURE_HEADER = 'x-superoffice-signature'

/** 32 random bytes, as text that any field accepts. */
export function newSecret(): string {
  return randomBytes(32).toString('hex')
}

/**
 * Whether a text has the form of a signature. Buffer.from also accepts other characters, so one signature would have
 * many spellings.
 */
export function mayBeSignature(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text)
}

/**
 * Whether a signature is that of the raw body under one of the secrets: base64 of HMAC-SHA256
 * (docs/wire-superoffice.md, 8). Every secret is tried, each compared in constant time.
 */
export function isSigned(body: Buffer, signature: string, secrets: readonly string[]): boolean {
  const given = mayBeSignature(signature) ? Buffer.from(signature, 'base64') : null
  let fits = false
  for (const secret of secrets) {
    const expected = createHmac('sha256', secret).update(body).digest()
    if (given?.length === expected.length && timingSafeEqual(given, expected)) {
      fits = true
    }
  }
  return fits
}

/**
 * The webhook's secrets in the clear, newest first. An earlier one that cannot be opened any more is left out.
 * @throws what `open` throws, if none opens.
 */
export function openSecrets({ secrets: sealed }: WebhookFacts, { open }: FactSecrets): string[] {
  let failure: unknown = null
  const opened = sealed.flatMap((one) => {
    try {
      return [open(one)]
    } catch (error) {
      failure ??= error
      return []
    }
  })
  if (opened.length === 0) {
    throw failure
  }
  return opened
}
