import { type CallContext, UpstreamError, SingleFlight } from '../../../http/index.js'

/** Rows per request; always sent, because default and maximum are unknown. */
export const PAGE_ROWS = 1_000

/** Refusals of this query alone, which must not fail the listing. */
const REFUSALS = ['upstream_refused', 'upstream_not_found', 'upstream_forbidden']

/** A page as long as the server returns. */
export interface LongPage {
  readonly rows: number
  /** Fewer rows than requested, though there were more. */
  readonly cutShort: boolean
}

/**
 * How many rows a server returns per request. It may have an undocumented limit below the requested number and need not
 * report that more follow (docs/wire-superoffice.md, 6): so a page is certainly the last only if it is well below the
 * longest one read.
 */
export class PageSize {
  #longest = 0
  #tried = false
  /** Whether the server cuts pages short; null: not yet known. */
  #cutsShort: boolean | null = null
  readonly #trying: SingleFlight<void>

  /** @param askForMany reads the longest possible page of any rows. */
  constructor(askForMany: (context: CallContext) => Promise<LongPage>) {
    this.#trying = new SingleFlight(async (context) => {
      const { rows, cutShort } = await askForMany(context)
      this.saw(rows)
      this.#tried = true
      this.#cutsShort = cutShort
    })
  }

  /** Notes the length of a page. A new longest one makes another question worthwhile. */
  saw(rows: number): void {
    if (rows > this.#longest) {
      this.#longest = rows
      this.#tried = false
    }
  }

  /**
   * Whether the server has returned more rows than that in one page; requests some if no listing has shown it yet.
   * Never true for a server that cuts pages short: its rights filter may leave any number of rows of a page.
   * @throws AppError, UpstreamError of sign-in and limits; any other failure counts as no.
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
