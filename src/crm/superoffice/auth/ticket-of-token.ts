import { compactVerify, type JWK } from 'jose'
import { z } from 'zod'
import {
  answer,
  type CallContext,
  entries,
  part,
  readRecords,
  readSmallText,
} from '../../../http/index.js'
import type { OnlineConfig } from '../config.js'
import { loginHttp } from '../http-clients.js'
import { superOfficeFailure } from '../superoffice-failure.js'

const CLAIM = 'http://schemes.superoffice.net/identity/'
const ISSUER = 'SuperOffice AS'
const OPERATION = 'POST /Login/api/PartnerSystemUser/Authenticate'

/** Claims of a token by name, which on the wire is a URL. Each is checked where it is read. */
type Claims = Readonly<Record<string, unknown>>

const tokenPart = answer(
  { name: 'superoffice.tokenPart', operation: OPERATION, lossUnit: 'call' },
  z.record(z.string(), z.unknown()),
)

/**
 * The ticket inside a token, after signature, issuer, audience and tenant are checked (docs/wire-superoffice.md, 2.1).
 * Expiry is not checked: the token is only the envelope, and the ticket has its own life.
 * @throws UpstreamError `upstream_auth_failed`, not retryable, for a wrong token; those of the request for keys.
 */
export async function ticketOfToken(
  token: string,
  config: OnlineConfig,
  context: CallContext,
): Promise<string> {
  const claims = claimsOf(token)
  if (claims === null) {
    throw refused('is no JWT')
  }
  await requireSignature(token, config.loginHost, context)
  const serial = claim(claims, 'serial')
  if (claims['iss'] !== ISSUER) {
    throw refused('has another issuer')
  }
  if (serial === null || ![claims['aud']].flat().includes(`spn:${serial}`)) {
    throw refused('is for another audience')
  }
  const tenant = claim(claims, 'ctx')
  if (tenant !== null && tenant.toLowerCase() !== config.contextIdentifier.toLowerCase()) {
    throw refused('is for another tenant')
  }
  const ticket = claim(claims, 'ticket')
  if (ticket === null) {
    throw refused('holds no ticket')
  }
  return ticket
}

/** @returns the claims of a compact JWT, signature unchecked, or null if it is none. */
export function claimsOf(token: string): Claims | null {
  const parts = token.split('.')
  return parts.length === 3
    ? readSmallText(tokenPart, Buffer.from(parts[1] ?? '', 'base64url'))
    : null
}

/** The login host may have changed its key, so a failed check reads the keys again. */
async function requireSignature(
  token: string,
  loginHost: string,
  context: CallContext,
): Promise<void> {
  const signed =
    (await isSignedBy(token, await signingKeys(loginHost, false, context))) ||
    (await isSignedBy(token, await signingKeys(loginHost, true, context)))
  if (!signed) {
    throw refused('is not signed by the login host')
  }
}

/**
 * Whether one of the keys signed the token by RS256, the only accepted algorithm. Every published RSA key is tried:
 * SuperOffice's samples ignore the key id in the header, and real headers have none. A key with another purpose (`use`,
 * `key_ops`, `alg`) or fewer than 2,048 bits does not count, nor does a token with an unknown critical header (RFC
 * 7515, 4.1.11; RFC 7518, 3.3).
 */
export async function isSignedBy(token: string, keys: readonly JWK[]): Promise<boolean> {
  for (const key of keys.filter(({ kty }) => kty === 'RSA')) {
    const verified = compactVerify(token, key, { algorithms: ['RS256'] })
    if (
      await verified.then(
        () => true,
        () => false,
      )
    ) {
      return true
    }
  }
  return false
}

function claim(claims: Claims, name: string): string | null {
  const value = claims[CLAIM + name]
  // A serial has only digits and may be a number in JSON.
  const text = typeof value === 'number' ? String(value) : value
  return typeof text === 'string' && text !== '' ? text : null
}

function refused(how: string) {
  return superOfficeFailure('upstream_auth_failed', OPERATION, `the token ${how}`, 'token_invalid')
}

const keySet = answer(
  { name: 'superoffice.keySet', operation: 'GET /login/.well-known/jwks', lossUnit: 'call' },
  part({ keys: entries }),
)
/** Entries without an RSA key are skipped in signature checks. */
const signingKey = answer(
  { name: 'superoffice.signingKey', operation: 'GET /login/.well-known/jwks', lossUnit: 'record' },
  z.record(z.string(), z.unknown()),
)

/** Keys change rarely; a failed check reads them again anyway. */
const HOLDS_MS = 3_600_000

const KEPT = new Map<string, { readonly keys: readonly JWK[]; readonly readAtMs: number }>()

/** The login host's signing keys, cached for an hour. @throws UpstreamError */
export async function signingKeys(
  loginHost: string,
  fresh: boolean,
  context: CallContext,
): Promise<readonly JWK[]> {
  const kept = KEPT.get(loginHost)
  if (kept !== undefined && !fresh && Date.now() < kept.readAtMs + HOLDS_MS) {
    return kept.keys
  }
  const { body } = await loginHttp(loginHost).json(
    {
      method: 'GET',
      path: '/login/.well-known/jwks',
      operation: keySet.operation,
      name: 'jwks',
      effect: 'read',
      context,
    },
    keySet,
  )
  const keys = readRecords(signingKey, body.keys, context) as readonly JWK[]
  KEPT.set(loginHost, { keys, readAtMs: Date.now() })
  return keys
}
