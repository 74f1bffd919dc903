import { createHash } from 'node:crypto'
import {
  type CallContext,
  untilAborted,
  type Http,
  UpstreamError,
  answer,
  part,
} from '../../../http/index.js'
import type { DynamicsConfig } from '../config.js'
import { authorityHttp } from '../http-clients.js'
import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from '@azure/msal-node'
import { z } from 'zod'

/** A token is renewed this long before it ends, but not before half its life: a short one would never be kept. */
const RENEW_BEFORE_MS = 5 * 60_000

/** What a token's life counts as, whatever is told: with none, each call would ask for another; refused, it is dropped. */
const LIFE_MS = { least: 1_000, most: 24 * 3_600_000 }

/** Tokens of one application in one environment: one renewal at a time, whoever waits for it. */
export class TokenSource {
  #current: (AccessToken & { readonly renewAtMs: number }) | null = null
  #renewal: Promise<AccessToken> | null = null

  constructor(
    private readonly config: DynamicsConfig,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** A token that is good for a while yet. @throws UpstreamError as `requestToken`. */
  async token(context: CallContext): Promise<string> {
    const current = this.#current
    if (current !== null && current.renewAtMs > this.nowMs()) {
      return current.value
    }
    this.#renewal ??= this.#renew(context)
    return (await untilAborted(this.#renewal, context.signal)).value
  }

  /** Forgets a token that was refused; another one, renewed meanwhile, stays. */
  drop(value: string): void {
    if (this.#current?.value === value) {
      this.#current = null
    }
  }

  /** Without the first caller's signal: its cancellation must not fail the others that wait. */
  async #renew(context: CallContext): Promise<AccessToken> {
    try {
      const http = authorityHttp(this.config.authorityHost)
      const token = await requestToken(http, this.config, { ...context, signal: undefined })
      const now = this.nowMs()
      // Not a number where the life that was told is beyond any date.
      const lifeMs = Math.min(Math.max(token.expiresAtMs - now || 0, LIFE_MS.least), LIFE_MS.most)
      const renewAtMs = now + lifeMs - Math.min(RENEW_BEFORE_MS, lifeMs / 2)
      this.#current = { ...token, renewAtMs }
      return token
    } finally {
      this.#renewal = null
    }
  }
}

const SOURCES = new Map<string, TokenSource>()

/** The process-wide source of a configuration, so that sessions opened per activity share a token. */
export function tokenSource(config: DynamicsConfig): TokenSource {
  const key = createHash('sha256')
    .update(JSON.stringify(Object.entries(config).sort()))
    .digest('hex')
  const source = SOURCES.get(key) ?? new TokenSource(config)
  SOURCES.set(key, source)
  return source
}

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
  // Loaded when the first token is asked for: whoever asks for none, most commands, starts a fifth sooner.
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

/** What a token's life is taken for where none is told, seconds; one that ends before is refused, and another asked for. */
const USUAL_LIFE = 3_600

const tokenAnswer = answer(
  { name: 'dynamics.token', operation: 'POST /{tenant}/oauth2/v2.0/token', lossUnit: 'call' },
  part({
    access_token: z.string().min(1),
    expires_in: z.coerce.number().catch(USUAL_LIFE),
    token_type: z.literal('Bearer').catch('Bearer'),
  }),
)

/** What the flow consists of (docs/wire-dataverse.md, 2). */
const FORM_FIELDS = ['client_id', 'client_secret', 'grant_type', 'scope']

/**
 * MSAL's way to the network, over our plumbing, so that time-outs, the tally and faults of the stand-ins hold for
 * token requests too. The request goes out as Microsoft documents it, without what MSAL tells of itself in headers,
 * query and form: Entra needs none of it, and gateways that look like Entra may refuse it. It keeps the error it met: MSAL replaces whatever a network client throws by one of its own.
 */
class MsalNetwork implements INetworkModule {
  /** What the last request failed with; null where it succeeded. */
  failure: unknown = null

  constructor(
    private readonly http: Http,
    /** Below this MSAL knows the authority; it takes https only. */
    private readonly msalOrigin: string,
    private readonly context: CallContext,
  ) {}

  /** Discovery is configured statically, so that MSAL never asks. */
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
