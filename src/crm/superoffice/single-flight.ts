import { type CallContext, untilAborted } from '../../http/index.js'

/** One run at a time of a piece of work, whoever waits for it. */
export class SingleFlight<T> {
  #running: Promise<T> | null = null

  constructor(private readonly work: (context: CallContext) => Promise<T>) {}

  /**
   * Joins the run under way, or begins one. It is begun without the caller's signal: its cancellation must not fail the
   * others that wait.
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
