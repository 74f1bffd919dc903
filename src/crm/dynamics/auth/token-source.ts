import { createHash } from 'node:crypto'
import { type CallContext, untilAborted } from '../../../http/index.js'
import type { DynamicsConfig } from '../config.js'
import { authorityHttp } from '../http-clients.js'
import { type AccessToken, requestToken } from './request-token.js'

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
