import type { Context } from '@temporalio/activity'
import { AppError } from '../contracts/app-error.js'
import type { Progress } from '../connection/session.js'

/** Less than a third of every heartbeat time-out, so that one late heartbeat does not end an activity. */
const BEAT_MS = 2_500
/** Longer than any external request (4 minutes) and any statement (5 minutes). */
const SILENT_MS = 6 * 60_000

export interface LifeSignsOptions {
  readonly beatMs?: number
  readonly silentMs?: number
}

/**
 * Sends heartbeats to Temporal while an activity's work shows signs of life: a finished request, a finished statement,
 * progress. Work without any for long is stuck; it is abandoned, so that it is retried.
 */
export class LifeSigns {
  readonly #stuck = new AbortController()
  #progress: Progress | undefined
  #lastAtMs = performance.now()

  constructor(
    private readonly context: Pick<Context, 'heartbeat' | 'cancellationSignal'>,
    private readonly options: LifeSignsOptions = {},
  ) {}

  /** Aborts when the work is cancelled or abandoned. Everything that the work waits for takes it. */
  get signal(): AbortSignal {
    return this.#stuck.signal
  }

  readonly note = (): void => {
    this.#lastAtMs = performance.now()
  }

  /**
   * Reports progress. Each later heartbeat repeats it, so that the next try can continue from there and Temporal's UI
   * shows it.
   */
  readonly beat = (progress: Progress): void => {
    this.note()
    this.#progress = progress
    this.context.heartbeat(progress)
  }

  /**
   * Does the work with heartbeats.
   * @throws AppError `timed_out` (retryable) after too long without a sign of life; the errors of the work.
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
