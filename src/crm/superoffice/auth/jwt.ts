import { createPublicKey, type JsonWebKey, verify } from 'node:crypto'
import { z } from 'zod'
import { jsonOrUndefined, SMALL_ANSWER } from '../../../http/index.js'

const headerSchema = z.object({ alg: z.string(), kid: z.string().nullish().catch(null) })

/** The claims that the driver reads; names are whole addresses on the wire. */
const claimsSchema = z.looseObject({
  iss: z.string(),
  aud: z.union([z.string(), z.array(z.string())]),
})

/** A published signing key. */
export type SigningKey = JsonWebKey & { readonly kid?: string; readonly use?: string }

/** A token taken apart, its signature not yet checked. */
export interface ParsedJwt {
  readonly algorithm: string
  readonly keyId: string | null
  readonly claims: z.output<typeof claimsSchema>
  readonly signed: Buffer
  readonly signature: Buffer
}

/** Takes a compact JWT apart; null where it is none. */
export function parseJwt(token: string): ParsedJwt | null {
  const parts = token.split('.')
  const [head = '', body = '', signature = ''] = parts
  const header = headerSchema.safeParse(fromBase64Json(head))
  const claims = claimsSchema.safeParse(fromBase64Json(body))
  if (parts.length !== 3 || !header.success || !claims.success) {
    return null
  }
  return {
    algorithm: header.data.alg,
    keyId: header.data.kid ?? null,
    claims: claims.data,
    signed: Buffer.from(`${head}.${body}`),
    signature: Buffer.from(signature, 'base64url'),
  }
}

/**
 * Whether one of the keys signed it by RS256; no other algorithm is taken, whatever the header says. Every published key
 * may have: SuperOffice's own samples do not look for the one that the header names, and a real header names none.
 */
export function isSignedBy(jwt: ParsedJwt, keys: readonly SigningKey[]): boolean {
  const isNamed = (key: SigningKey) => Number(key.kid === jwt.keyId)
  return (
    jwt.algorithm === 'RS256' &&
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

function fromBase64Json(text: string): unknown {
  const json = Buffer.from(text, 'base64url').toString('utf8')
  return jsonOrUndefined(json, SMALL_ANSWER.elements)
}
