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
 * Work of which at most one run is in progress, and that counts for a caller only if it began after the call: whoever
 * calls during a run shares the next one.
 */
export class NextFlight {
  #current: Promise<unknown> = Promise.resolve()
  #next: { readonly ended: Promise<void>; readonly signal: AbortSignal | undefined } | null = null

  /**
   * @param work is done by the first caller of each run, for all who share it. @param signal ends this caller's wait.
   * @throws the work's error, to all who share the run, except that a run ended by its caller's signal is begun again by
   *   another; the signal's reason.
   */
  async run(work: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    for (;;) {
      const shared = this.#next
      if (shared === null) {
        return untilAborted(this.#begin(work, signal), signal)
      }
      try {
        return await untilAborted(shared.ended, signal)
      } catch (error) {
        if (signal?.aborted === true || shared.signal?.aborted !== true) {
          throw error
        }
      }
    }
  }

  #begin(work: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    const former = this.#current
    const ended = (async () => {
      await former
      this.#next = null
      signal?.throwIfAborted()
      await work()
    })()
    this.#next = { ended, signal }
    this.#current = ended.catch(() => undefined)
    return ended
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
