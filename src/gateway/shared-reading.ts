import { setTimeout as wait } from 'node:timers/promises'

/**
 * A reading that many ask for and few may cause: one at a time, and not more often than `everyMs`. Whoever asks gets one
 * that began after asking, together with all others who wait for it.
 */
export class SharedReading<T> {
  private next: Promise<T> | null = null
  private current: Promise<unknown> = Promise.resolve()
  private beganAtMs = -Infinity

  constructor(
    private readonly read: () => Promise<T>,
    private readonly everyMs: number,
  ) {}

  /** The next reading, which has not begun yet. @throws whatever the reading throws, to all who wait for it. */
  newer(): Promise<T> {
    this.next ??= this.begin()
    return this.next
  }

  private async begin(): Promise<T> {
    await this.current
    const waitMs = this.beganAtMs + this.everyMs - performance.now()
    if (waitMs > 0) {
      // A timer takes whole milliseconds, and would cut this one short.
      await wait(Math.ceil(waitMs))
    }
    this.next = null
    this.beganAtMs = performance.now()
    const reading = this.read()
    this.current = reading.catch(() => undefined)
    return reading
  }
}

/** What was read within `forMs`, else what is read now; read once for all who ask meanwhile. */
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
