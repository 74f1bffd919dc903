import { ApiError } from './api-error.js'

/** Requests a second, and the size of a burst. */
export interface RateLimit {
  readonly perSecond: number
  readonly burst: number
}

export class RateLimiter {
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>()

  constructor(private limit: RateLimit | null) {}

  set(limit: RateLimit | null): void {
    this.limit = limit
    this.#buckets.clear()
  }

  /** Takes a token, or answers 429 with the seconds to wait. */
  take(key: string): void {
    if (this.limit === null) {
      return
    }
    const nowMs = performance.now()
    const { perSecond, burst } = this.limit
    const bucket = this.#buckets.get(key) ?? { tokens: burst, atMs: nowMs }
    const tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond)
    this.#buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, atMs: nowMs })
    if (tokens < 1) {
      const seconds = String(Math.max(1, Math.ceil((1 - tokens) / perSecond)))
      throw new ApiError(429, 'rate_limited', 'too many requests', [], { 'Retry-After': seconds })
    }
  }
}
