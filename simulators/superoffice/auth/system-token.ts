import { verify, type KeyObject } from 'node:crypto'

/**
 * Why a signed system user token is refused, or undefined if it is valid: `token.YYYYMMDDHHmm.base64(RSA-SHA256)`,
 * signed by the application's key, of the present minute or an adjacent one (wire page, section 2.1).
 */
export function refusalOf(
  signed: string,
  expectedToken: string,
  publicKey: KeyObject,
  nowMs: number,
): string | undefined {
  const signatureAt = signed.lastIndexOf('.')
  const data = signed.slice(0, signatureAt)
  const minuteAt = data.lastIndexOf('.')
  const token = data.slice(0, minuteAt)
  const minute = data.slice(minuteAt + 1)
  const signature = signed.slice(signatureAt + 1)
  if (signatureAt < 0 || minuteAt < 0 || !/^\d{12}$/.test(minute)) {
    return 'The signed system token is malformed.'
  }
  const wellFormed = /^[A-Za-z0-9+/]+={0,2}$/.test(signature)
  if (
    !wellFormed ||
    !verify('RSA-SHA256', Buffer.from(data), publicKey, Buffer.from(signature, 'base64'))
  ) {
    return 'The signature is not valid.'
  }
  if (![-1, 0, 1].some((minutes) => minuteText(nowMs + minutes * 60_000) === minute)) {
    return 'The signed system token has expired.'
  }
  return token === expectedToken ? undefined : 'The system token is unknown.'
}

/** `YYYYMMDDHHmm` in UTC. */
function minuteText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace(/\D/g, '')
}
