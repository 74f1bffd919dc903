import type { Context } from '@temporalio/activity'
import { AppError } from '../contracts/app-error.js'
import type { Progress } from '../connection/session.js'

/** Shorter than a third of every heartbeat time-out, so that one late beat kills nothing. */
const BEAT_MS = 2_500
/** Longer than any request to the outside may take (4 minutes) and any statement (5 minutes). */
const SILENT_MS = 6 * 60_000

/** How an activity's work is watched. */
export interface LifeSignsOptions {
  readonly beatMs?: number
  readonly silentMs?: number
}

/**
 * Tells Temporal that an activity is alive for as long as its work gives signs: a request that has ended, a statement that
 * has ended, progress. Work that gives none for long is stuck; it is given up, so that it is tried again, instead of
 * being believed for hours.
 */
export class LifeSigns {
  readonly #stuck = new AbortController()
  #progress: Progress | undefined
  #lastAtMs = performance.now()

  constructor(
    private readonly context: Pick<Context, 'heartbeat' | 'cancellationSignal'>,
    private readonly options: LifeSignsOptions = {},
  ) {}

  /** For everything that the work waits for: fires when it is cancelled, and when it is given up. */
  get signal(): AbortSignal {
    return this.#stuck.signal
  }

  /** The work has done something. */
  readonly note = (): void => {
    this.#lastAtMs = performance.now()
  }

  /** The work tells how far it is. Each later beat repeats it: a next try may go on from there, and whoever looks sees it. */
  readonly beat = (progress: Progress): void => {
    this.note()
    this.#progress = progress
    this.context.heartbeat(progress)
  }

  /**
   * Does the work, and beats for it.
   * @throws AppError `timed_out` (retryable) where it gives no sign for too long; what the work throws.
   */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    const { beatMs = BEAT_MS, silentMs = SILENT_MS } = this.options
    const { cancellationSignal } = this.context
    const cancel = () => this.#stuck.abort(cancellationSignal.reason)
    cancellationSignal.addEventListener('abort', cancel, { once: true })
    if (cancellationSignal.aborted) {
      cancel()
    }
    let pulse: NodeJS.Timeout | undefined
    const givenUp = new Promise<never>((_, reject) => {
      pulse = setInterval(() => {
        const silentForMs = performance.now() - this.#lastAtMs
        if (silentForMs < silentMs) {
          this.context.heartbeat(this.#progress)
          return
        }
        clearInterval(pulse)
        const minutes = Math.round(silentForMs / 60_000)
        reject(new AppError('timed_out', `The work gave no sign of life for ${minutes} minutes.`))
        this.#stuck.abort()
      }, beatMs)
    })
    try {
      return await Promise.race([work(), givenUp])
    } finally {
      clearInterval(pulse)
      cancellationSignal.removeEventListener('abort', cancel)
    }
  }
}
