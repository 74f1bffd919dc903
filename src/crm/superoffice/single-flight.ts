import { type CallContext, untilAborted } from '../../http/index.js'

/** A piece of work of which at most one run is under way; callers share it. */
export class SingleFlight<T> {
  #running: Promise<T> | null = null

  constructor(private readonly work: (context: CallContext) => Promise<T>) {}

  /**
   * Joins the current run, or starts one. It runs without the caller's signal: its cancellation must not fail the
   * others.
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
