import { ServiceError } from '../errors.js'
import type { DynamicsOptions } from '../options.js'

interface Usage {
  running: number
  /** Start times of the window's requests, oldest first, and their durations. */
  recent: { atMs: number; tookMs: number }[]
  blockedUntilMs: number
}

/**
 * The limits per user: requests and execution time in a sliding window, and concurrent requests (section 4). Uses real
 * time. Requests during a block lengthen it.
 */
export class ServiceProtection {
  readonly #usage = new Map<string, Usage>()

  constructor(private limits: DynamicsOptions['limits']) {}

  setLimits(limits: Partial<DynamicsOptions['limits']>): void {
    this.limits = { ...this.limits, ...limits }
    this.#usage.clear()
  }

  /** Runs a request of a user, or refuses it with 429 and Retry-After in seconds. */
  async run<T>(userId: string, work: () => Promise<T>): Promise<T> {
    const usage = this.#usageOf(userId)
    this.#admit(usage, Date.now())
    const entry = { atMs: Date.now(), tookMs: 0 }
    usage.recent.push(entry)
    usage.running += 1
    try {
      return await work()
    } finally {
      usage.running -= 1
      entry.tookMs = Date.now() - entry.atMs
    }
  }

  /** Requests left in the window, for the debug header. */
  remaining(userId: string): number {
    return Math.max(this.limits.requests - this.#usageOf(userId).recent.length, 0)
  }

  #usageOf(userId: string): Usage {
    const known = this.#usage.get(userId)
    if (known !== undefined) {
      return known
    }
    const fresh: Usage = { running: 0, recent: [], blockedUntilMs: 0 }
    this.#usage.set(userId, fresh)
    return fresh
  }

  #admit(usage: Usage, nowMs: number): void {
    const { limits } = this
    const windowMs = limits.windowSeconds * 1000
    const first = usage.recent.findIndex((entry) => entry.atMs > nowMs - windowMs)
    usage.recent.splice(0, first < 0 ? usage.recent.length : first)
    if (usage.running >= limits.concurrent) {
      throw tooMany(
        '0x80072326',
        `Number of concurrent requests exceeded the limit of ${limits.concurrent}.`,
        2,
      )
    }
    if (nowMs < usage.blockedUntilMs) {
      usage.blockedUntilMs = Math.min(usage.blockedUntilMs + 100, nowMs + windowMs)
      throw this.#overRequests(usage, nowMs)
    }
    const oldest = usage.recent[0]
    if (oldest === undefined) {
      return
    }
    if (usage.recent.length >= limits.requests) {
      usage.blockedUntilMs = oldest.atMs + windowMs
      throw this.#overRequests(usage, nowMs)
    }
    const spentMs = usage.recent.reduce((sum, entry) => sum + entry.tookMs, 0)
    if (spentMs >= limits.executionMs) {
      const seconds = Math.ceil((oldest.atMs + windowMs - nowMs) / 1000)
      throw tooMany(
        '0x80072321',
        `Combined execution time of incoming requests exceeded limit of ${limits.executionMs.toLocaleString('en-US')} milliseconds over time window of ${limits.windowSeconds} seconds. Decrease number of concurrent requests or reduce the duration of requests and try again later.`,
        seconds,
      )
    }
  }

  #overRequests(usage: Usage, nowMs: number): ServiceError {
    return tooMany(
      '0x80072322',
      `Number of requests exceeded the limit of ${this.limits.requests} over time window of ${this.limits.windowSeconds} seconds.`,
      Math.ceil((usage.blockedUntilMs - nowMs) / 1000),
    )
  }
}

function tooMany(code: string, message: string, seconds: number): ServiceError {
  return new ServiceError(429, code, message, { 'Retry-After': String(Math.max(seconds, 1)) })
}
