import { z } from 'zod'
import { answer, type CallContext, entries, part, readRecords } from '../../../http/index.js'
import { loginHttp } from '../http-clients.js'
import type { SigningKey } from './jwt.js'

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
