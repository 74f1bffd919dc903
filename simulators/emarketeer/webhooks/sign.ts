import { createHmac, randomBytes } from 'node:crypto'

/** A new secret per Standard Webhooks: `whsec_` and 24 bytes. */
export function newSecret(): string {
  return `whsec_${randomBytes(24).toString('base64')}`
}

/** The signature header: one `v1,` signature per secret, separated by blanks. */
export function signatureHeader(
  secrets: readonly string[],
  webhookId: string,
  timestampSeconds: number,
  body: string,
): string {
  return secrets
    .map((secret) => {
      const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
      const signed = `${webhookId}.${timestampSeconds}.${body}`
      return `v1,${createHmac('sha256', key).update(signed).digest('base64')}`
    })
    .join(' ')
}
