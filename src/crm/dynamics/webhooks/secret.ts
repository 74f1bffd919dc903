import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'

/** Header with the secret. Dataverse signs nothing, and no log of URLs shows a header. */
export const SECRET_HEADER = 'x-em-secret'

/** 32 random bytes as text that needs no escaping in XML. */
export function newSecret(): string {
  return randomBytes(32).toString('hex')
}

/** SHA-256, hex: all that is stored of a secret. */
export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

/** Whether a secret has one of the hashes; compares every one, each in constant time. */
export function hasHash(secret: string, hashes: readonly (string | null)[]): boolean {
  const given = Buffer.from(secretHash(secret), 'hex')
  let fits = false
  for (const hash of hashes) {
    const expected = Buffer.from(hash ?? '', 'hex')
    if (expected.length === given.length && timingSafeEqual(expected, given)) {
      fits = true
    }
  }
  return fits
}
