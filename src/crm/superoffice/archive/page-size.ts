import { type CallContext, UpstreamError } from '../../../http/index.js'
import { SingleFlight } from '../single-flight.js'

/** Rows asked for at once; always sent, as neither default nor maximum is known. */
export const PAGE_ROWS = 1_000

/** Of this query alone; what is listed is what matters. */
const REFUSALS = ['upstream_refused', 'upstream_not_found', 'upstream_forbidden']

/** A page as long as the server gives. */
export interface LongPage {
  readonly rows: number
  /** Fewer rows than were asked for, though there were more. */
  readonly cutShort: boolean
}

/**
 * How many rows a server is known to give at once. It may have a limit of its own below what is asked for, and need not
 * say that more follow (docs/wire-superoffice.md, 6): a page then is the last for certain only where it is well below
 * the longest one seen.
 */
export class PageSize {
  #longest = 0
  #tried = false
  /** Whether it cuts pages short; null: not asked yet. */
  #cutsShort: boolean | null = null
  readonly #trying: SingleFlight<void>

  /** @param askForMany reads a page of any rows, as long a one as there is. */
  constructor(askForMany: (context: CallContext) => Promise<LongPage>) {
    this.#trying = new SingleFlight(async (context) => {
      const { rows, cutShort } = await askForMany(context)
      this.saw(rows)
      this.#tried = true
      this.#cutsShort = cutShort
    })
  }

  /** A page had so many rows. One that is longer than any before shows that it is worth asking again. */
  saw(rows: number): void {
    if (rows > this.#longest) {
      this.#longest = rows
      this.#tried = false
    }
  }

  /**
   * Whether the server has given more rows than that at once; asked of it where no listing has shown it yet. Never of one
   * that was seen to cut a page short: what its rights filter left of such a page may be any number.
   *
   * @throws AppError, UpstreamError of sign-in and limits; otherwise what cannot be told is no.
   */
  async exceeds(rows: number, context: CallContext): Promise<boolean> {
    const unknown = this.#cutsShort === null && this.#longest < PAGE_ROWS
    if (unknown || (rows >= this.#longest && !this.#tried)) {
      try {
        await this.#trying.run(context)
      } catch (error) {
        if (!(error instanceof UpstreamError && REFUSALS.includes(error.code))) {
          throw error
        }
        this.#tried = true
        this.#cutsShort ??= false
      }
    }
    return rows < this.#longest && this.#cutsShort !== true
  }
}
