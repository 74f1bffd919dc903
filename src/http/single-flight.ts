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
