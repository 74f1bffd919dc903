import { isIPv4, isIPv6 } from 'node:net'
import type { FastifyRequest } from 'fastify'

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

/** An address with a port, which some proxies write into X-Forwarded-For. */
const WITH_PORT = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):\d+$/i

/** Groups of an IPv6 address that identify one subscriber; the subscriber chooses the rest. */
const NETWORK_GROUPS = 4

/**
 * The source that a failed call counts against: the peer's address, or the one that the trusted proxies report. Of IPv6
 * the first 64 bits, because a subscriber has all addresses of that network. Text that is not an address comes from the
 * peer itself, and is not trusted.
 */
export function sourceOf(request: Pick<FastifyRequest, 'ip' | 'socket'>): string {
  const [, v6, v4] = WITH_PORT.exec(request.ip) ?? []
  return (
    networkOf(v6 ?? v4 ?? request.ip) ?? networkOf(request.socket.remoteAddress ?? '') ?? 'unknown'
  )
}

function networkOf(address: string): string | null {
  const [bare = ''] = address.split('%')
  const mapped = /^::ffff:([0-9.]+)$/i.exec(bare)?.[1] ?? bare
  if (isIPv4(mapped)) {
    return mapped
  }
  return isIPv6(bare) ? groupsOf(bare).slice(0, NETWORK_GROUPS).join(':') : null
}

/** The eight groups of a valid address, without leading zeros. */
function groupsOf(address: string): string[] {
  // The URL parser writes an address in its canonical form.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = tail === undefined ? 0 : 8 - before.length - after.length
  return [...before, ...Array<string>(missing).fill('0'), ...after]
}
