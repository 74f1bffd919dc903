import { createPublicKey, type JsonWebKey, verify } from 'node:crypto'
import { z } from 'zod'
import { answer, readSmallText } from '../../../http/index.js'

/** Header and claims of a token: what they must be is compared where it is looked for. */
const tokenPart = answer(
  {
    name: 'superoffice.tokenPart',
    operation: 'POST /Login/api/PartnerSystemUser/Authenticate',
    lossUnit: 'call',
  },
  z.record(z.string(), z.unknown()),
)

/** A published signing key. */
export type SigningKey = JsonWebKey & { readonly kid?: string; readonly use?: string }

/** A token taken apart, its signature not yet checked. */
export interface ParsedJwt {
  readonly header: Readonly<Record<string, unknown>>
  /** Names are whole addresses on the wire. */
  readonly claims: Readonly<Record<string, unknown>>
  readonly signed: Buffer
  readonly signature: Buffer
}

/** Takes a compact JWT apart; null where it is none. */
export function parseJwt(token: string): ParsedJwt | null {
  const parts = token.split('.')
  const [head = '', body = '', signature = ''] = parts
  const header = readSmallText(tokenPart, Buffer.from(head, 'base64url'))
  const claims = readSmallText(tokenPart, Buffer.from(body, 'base64url'))
  if (parts.length !== 3 || header === null || claims === null) {
    return null
  }
  return {
    header,
    claims,
    signed: Buffer.from(`${head}.${body}`),
    signature: Buffer.from(signature, 'base64url'),
  }
}

/**
 * Whether one of the keys signed it by RS256; no other algorithm is taken, whatever the header says. Every published key
 * may have: SuperOffice's own samples do not look for the one that the header names, and a real header names none.
 */
export function isSignedBy(jwt: ParsedJwt, keys: readonly SigningKey[]): boolean {
  const isNamed = (key: SigningKey) => Number(key.kid === jwt.header['kid'])
  return (
    jwt.header['alg'] === 'RS256' &&
    keys
      .filter((key) => key.kty === 'RSA')
      .sort((a, b) => isNamed(b) - isNamed(a))
      .some((key) => verifies(jwt, key))
  )
}

function verifies(jwt: ParsedJwt, key: SigningKey): boolean {
  try {
    const publicKey = createPublicKey({ key, format: 'jwk' })
    return verify('RSA-SHA256', jwt.signed, publicKey, jwt.signature)
  } catch {
    return false
  }
}
