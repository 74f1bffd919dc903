import { setTimeout as wait } from 'node:timers/promises'

/**
 * A reading that many request and few may cause: one at a time, and at most once in `everyMs`. Each caller gets a
 * reading that began after its request, shared with all others who wait for it.
 */
export class SharedReading<T> {
  #next: Promise<T> | null = null
  #current: Promise<unknown> = Promise.resolve()
  #beganAtMs = -Infinity

  constructor(
    private readonly read: () => Promise<T>,
    private readonly everyMs: number,
  ) {}

  /** The next reading, which has not begun yet. @throws the error of the reading, to all who wait for it. */
  newer(): Promise<T> {
    this.#next ??= this.#begin()
    return this.#next
  }

  async #begin(): Promise<T> {
    await this.#current
    const waitMs = this.#beganAtMs + this.everyMs - performance.now()
    if (waitMs > 0) {
      // A timer takes integer milliseconds, and would round this wait down.
      await wait(Math.ceil(waitMs))
    }
    this.#next = null
    this.#beganAtMs = performance.now()
    const reading = this.read()
    this.#current = reading.catch(() => undefined)
    return reading
  }
}

/** Keeps what was read for `forMs`, then reads again; callers in the meantime share one reading. */
export function keptFor<T>(forMs: number, read: () => Promise<T>): () => Promise<T> {
  let kept: Promise<T> | null = null
  let until = -Infinity
  return () => {
    if (kept === null || performance.now() >= until) {
      until = Infinity
      kept = read().finally(() => (until = performance.now() + forMs))
    }
    return kept
  }
}
