import type { CallContext } from './call-context.js'

/** Work of which at most one run is in progress; callers share it. */
export class SingleFlight<T> {
  #running: Promise<T> | null = null

  constructor(private readonly work: (context: CallContext) => Promise<T>) {}

  /**
   * Joins the current run, or starts one. It runs without the caller's signal, because its cancellation must not fail
   * the others.
   */
  async run(context: CallContext): Promise<T> {
    this.#running ??= this.#begin(context)
    return untilAborted(this.#running, context.signal)
  }

  async #begin(context: CallContext): Promise<T> {
    try {
      return await this.work({ ...context, signal: undefined })
    } finally {
      this.#running = null
    }
  }
}

/**
 * Waits for shared work until the signal is aborted; the work itself continues.
 * @throws the work's error, or the signal's reason.
 */
export async function untilAborted<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) {
    return promise
  }
  // It may fail after all callers have stopped waiting.
  promise.catch(() => undefined)
  signal.throwIfAborted()
  let abort = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort, { once: true })
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/**
 * Runs `work` on each item, at most `limit` at a time. Starts them in order and returns the results in order. Throws
 * the first failure.
 */
export async function inParallel<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  let failed = false
  const lane = async () => {
    while (next < items.length && !failed) {
      const at = next
      next += 1
      try {
        results[at] = await work(items[at] as T)
      } catch (error) {
        failed = true
        throw error
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane))
  return results
}
