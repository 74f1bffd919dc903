/** Most keys in memory; above it the least recently used one is dropped, which only makes its bucket full again. */
const MAX_KEYS = 10_000

interface Bucket {
  tokens: number
  readAtMs: number
}

/** Rate limits in memory, one bucket a key. Buckets fill evenly and hold the tokens of one second. */
export class TokenBuckets {
  readonly #buckets = new Map<string, Bucket>()

  /** @param nowMs a monotonic clock. */
  constructor(
    private readonly perSecond: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Takes one token; false if there is none. */
  take(key: string): boolean {
    const bucket = this.#fill(key)
    if (bucket.tokens < 1) {
      return false
    }
    bucket.tokens -= 1
    return true
  }

  #fill(key: string): Bucket {
    const now = this.nowMs()
    const known = this.#buckets.get(key)
    const tokens = known
      ? Math.min(this.perSecond, known.tokens + ((now - known.readAtMs) / 1000) * this.perSecond)
      : this.perSecond
    const bucket = { tokens, readAtMs: now }
    this.#buckets.delete(key)
    this.#buckets.set(key, bucket)
    if (this.#buckets.size > MAX_KEYS) {
      this.#buckets.delete(this.#buckets.keys().next().value!)
    }
    return bucket
  }
}
