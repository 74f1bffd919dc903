import { type CallContext, answer, entries, part, readRecords } from '../../../http/index.js'
import type { OnlineConfig } from '../config.js'
import { superOfficeFailure } from '../superoffice-failure.js'
import { isSignedBy, type ParsedJwt, parseJwt, type SigningKey } from './jwt.js'
import { z } from 'zod'
import { loginHttp } from '../http-clients.js'

const CLAIM = 'http://schemes.superoffice.net/identity/'
const ISSUER = 'SuperOffice AS'
const OPERATION = 'POST /Login/api/PartnerSystemUser/Authenticate'

/**
 * The ticket inside a token, once signature, issuer, audience and tenant are right (docs/wire-superoffice.md, 2.1).
 * Its expiry is not looked at: the token is only the envelope, and the ticket has a life of its own.
 *
 * @throws UpstreamError `upstream_auth_failed`, not retryable, where the token is not what it should be.
 */
export async function ticketOfToken(
  token: string,
  config: OnlineConfig,
  context: CallContext,
): Promise<string> {
  const jwt = parseJwt(token)
  if (jwt === null) {
    throw refused('is no JWT')
  }
  await requireSignature(jwt, config.loginHost, context)
  const audience = `spn:${claim(jwt, 'serial') ?? ''}`
  if (jwt.claims.iss !== ISSUER) {
    throw refused('has another issuer')
  }
  if (claim(jwt, 'serial') === null || ![jwt.claims.aud].flat().includes(audience)) {
    throw refused('is for another audience')
  }
  const tenant = claim(jwt, 'ctx')
  if (tenant !== null && tenant.toLowerCase() !== config.contextIdentifier.toLowerCase()) {
    throw refused('is for another tenant')
  }
  const ticket = claim(jwt, 'ticket')
  if (ticket === null) {
    throw refused('holds no ticket')
  }
  return ticket
}

/** A key may have been changed since the kept ones were read: then they are read once more. */
async function requireSignature(
  jwt: ParsedJwt,
  loginHost: string,
  context: CallContext,
): Promise<void> {
  const signed =
    isSignedBy(jwt, await signingKeys(loginHost, false, context)) ||
    isSignedBy(jwt, await signingKeys(loginHost, true, context))
  if (!signed) {
    throw refused('is not signed by the login host')
  }
}

function claim(jwt: ParsedJwt, name: string): string | null {
  const value = jwt.claims[CLAIM + name]
  // A serial is all digits, and may come as a number.
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
/** What is none is passed over where signatures are tried. */
const signingKey = answer(
  { name: 'superoffice.signingKey', operation: 'GET /login/.well-known/jwks', lossUnit: 'record' },
  z.record(z.string(), z.unknown()),
)

/** Keys change rarely; one that a token names and that is not there is looked for once more anyway. */
const HOLDS_MS = 3_600_000

const KEPT = new Map<string, { readonly keys: readonly SigningKey[]; readonly readAtMs: number }>()

/** The keys that the login host signs with, kept for an hour. @throws UpstreamError */
export async function signingKeys(
  loginHost: string,
  fresh: boolean,
  context: CallContext,
): Promise<readonly SigningKey[]> {
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
  const keys = readRecords(signingKey, body.keys, context) as readonly SigningKey[]
  KEPT.set(loginHost, { keys, readAtMs: Date.now() })
  return keys
}
