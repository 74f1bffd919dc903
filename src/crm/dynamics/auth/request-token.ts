import { ConfidentialClientApplication } from '@azure/msal-node'
import { type CallContext, type Http, UpstreamError } from '../../../http/index.js'
import type { DynamicsConfig } from '../config.js'
import { MsalNetwork } from './msal-network.js'

/** An access token and when it ends (Unix milliseconds, our clock). */
export interface AccessToken {
  readonly value: string
  readonly expiresAtMs: number
}

/**
 * Asks Entra ID for an application token (docs/wire-dataverse.md, 2).
 *
 * A fresh MSAL client each time: it would otherwise keep throttling state and a cache of its own beside ours. Its
 * discovery documents are given here, so that one call is one request, also against an authority on loopback.
 *
 * @throws UpstreamError `upstream_auth_failed` (not retryable) for wrong credentials, and those of the plumbing.
 */
export async function requestToken(
  http: Http,
  config: DynamicsConfig,
  context: CallContext,
): Promise<AccessToken> {
  const host = new URL(config.authorityHost).host
  const origin = `https://${host}`
  const authority = `${origin}/${config.tenantId}`
  const network = new MsalNetwork(http, origin, context)
  const client = new ConfidentialClientApplication({
    auth: {
      clientId: config.clientId,
      clientSecret: config.clientSecret,
      authority,
      knownAuthorities: [host],
      authorityMetadata: JSON.stringify({
        authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
        token_endpoint: `${authority}/oauth2/v2.0/token`,
        issuer: `${authority}/v2.0`,
        jwks_uri: `${authority}/discovery/v2.0/keys`,
      }),
    },
    system: { networkClient: network, disableInternalRetries: true },
  })
  try {
    const result = await client.acquireTokenByClientCredential({
      scopes: [`${config.environmentUrl}/.default`],
      skipCache: true,
    })
    if (result?.expiresOn) {
      return { value: result.accessToken, expiresAtMs: result.expiresOn.getTime() }
    }
  } catch (error) {
    throw network.failure ?? unexpected(error)
  }
  throw unexpected(null)
}

/** MSAL refused its own configuration or the answer; its messages may hold what it was given, so none is passed on. */
function unexpected(error: unknown): UpstreamError {
  const code = (error as { errorCode?: unknown } | null)?.errorCode
  return new UpstreamError({
    code: 'upstream_auth_failed',
    system: 'dynamics',
    status: null,
    upstreamCode: typeof code === 'string' && /^[a-z_]{1,60}$/.test(code) ? code : null,
    retryable: false,
    mayHaveBeenApplied: false,
    retryAfterSeconds: null,
    requestId: null,
    operation: 'POST /{tenant}/oauth2/v2.0/token',
    message: 'no token could be had',
  })
}
