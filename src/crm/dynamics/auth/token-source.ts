import {
  type CallContext,
  SingleFlight,
  type Http,
  UpstreamError,
  answer,
  part,
} from '../../../http/index.js'
import { PerConfiguration } from '../../per-configuration.js'
import type { DynamicsConfig } from '../config.js'
import { authorityHttp } from '../http-clients.js'
import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node'
import { z } from 'zod'

/** A token is renewed this long before it ends, but not before half its life, so that a short one is also used. */
const RENEW_BEFORE_MS = 5 * 60_000

/**
 * Limits of a token's life. Without the least, each call would request another token. Without the most, a date
 * overflows. A refused token is dropped anyway.
 */
const LIFE_MS = { least: 1_000, most: 24 * 3_600_000 }

/** Tokens of one application in one environment. Callers share one renewal. */
export class TokenSource {
  #current: (AccessToken & { readonly renewAtMs: number }) | null = null
  readonly #renewal = new SingleFlight((context) => this.#renew(context))

  constructor(
    private readonly config: DynamicsConfig,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** A token that stays valid for a while. @throws UpstreamError as `requestToken`. */
  async token(context: CallContext): Promise<string> {
    const current = this.#current
    if (current !== null && current.renewAtMs > this.nowMs()) {
      return current.value
    }
    return (await this.#renewal.run(context)).value
  }

  /** Forgets a refused token; one that was renewed meanwhile stays. */
  drop(value: string): void {
    if (this.#current?.value === value) {
      this.#current = null
    }
  }

  async #renew(context: CallContext): Promise<AccessToken> {
    const http = authorityHttp(this.config.authorityHost)
    const token = await requestToken(http, this.config, context)
    const now = this.nowMs()
    // `expiresAtMs` is NaN for a life beyond any date.
    const lifeMs = Math.min(Math.max(token.expiresAtMs - now || 0, LIFE_MS.least), LIFE_MS.most)
    const renewAtMs = now + lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs / 2)
    this.#current = { ...token, renewAtMs }
    return token
  }
}

const SOURCES = new PerConfiguration<TokenSource>()

/** The source of a configuration. */
export function tokenSource(config: DynamicsConfig): TokenSource {
  return SOURCES.of(config, () => new TokenSource(config))
}

/** An access token and its end (Unix ms, our clock). */
export interface AccessToken {
  readonly value: string
  readonly expiresAtMs: number
}

/**
 * Asks Entra ID for an application token (docs/wire-dataverse.md, 2). Each call uses a new MSAL client, which would
 * otherwise keep throttling state and a cache of its own. Given discovery documents make one call one request, also
 * against an authority on loopback.
 * @throws UpstreamError `upstream_auth_failed` (not retryable) for wrong credentials, and those of `src/http`.
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
  // Loading MSAL takes a fifth of the start; most commands need no token.
  const { ConfidentialClientApplication } = await import('@azure/msal-node')
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

/** MSAL refused its own configuration or the answer. Its messages may quote its input, so none is passed on. */
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

/** Assumed life of a token without one, seconds; a token that ends earlier is refused, and another requested. */
const USUAL_LIFE = 3_600

const tokenAnswer = answer(
  { name: 'dynamics.token', operation: 'POST /{tenant}/oauth2/v2.0/token', lossUnit: 'call' },
  part({
    access_token: z.string().min(1),
    expires_in: z.coerce.number().catch(USUAL_LIFE),
    token_type: z.literal('Bearer').catch('Bearer'),
  }),
)

/** The documented form fields of the flow (docs/wire-dataverse.md, 2). */
const FORM_FIELDS = ['client_id', 'client_secret', 'grant_type', 'scope']

/**
 * MSAL's network client over `src/http`, so that time-outs, the tally and the stand-ins' faults apply to token
 * requests. It sends the documented request without MSAL's telemetry in headers, query and form: Entra does not need
 * it, and gateways that look like Entra may refuse it. It keeps its last error, because MSAL replaces every error of a
 * network client.
 */
class MsalNetwork implements INetworkModule {
  /** The error of the last request; null if it succeeded. */
  failure: unknown = null

  constructor(
    private readonly http: Http,
    /** MSAL knows the authority under this origin; it accepts https only. */
    private readonly msalOrigin: string,
    private readonly context: CallContext,
  ) {}

  /** Discovery is configured statically, so MSAL never calls this. */
  sendGetRequestAsync<T>(): Promise<NetworkResponse<T>> {
    return Promise.reject(new Error('discovery is configured; no GET is expected'))
  }

  async sendPostRequestAsync<T>(
    url: string,
    options?: NetworkRequestOptions,
  ): Promise<NetworkResponse<T>> {
    this.failure = null
    try {
      const given = await this.http.json(
        {
          method: 'POST',
          path: new URL(url.slice(this.msalOrigin.length), this.msalOrigin).pathname,
          operation: tokenAnswer.operation,
          name: 'token',
          effect: 'read',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          body: documentedForm(options?.body ?? ''),
          context: this.context,
        },
        tokenAnswer,
      )
      return { status: given.status, headers: { ...given.headers }, body: given.body as T }
    } catch (error) {
      this.failure = error
      throw error
    }
  }
}

/** The form with the documented fields only. */
function documentedForm(body: string): string {
  const given = new URLSearchParams(body)
  const form = new URLSearchParams()
  for (const field of FORM_FIELDS) {
    form.set(field, given.get(field) ?? '')
  }
  return form.toString()
}
