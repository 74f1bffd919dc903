import { UpstreamError, type UpstreamSystem } from './upstream-error.js'
import { createHash } from 'node:crypto'
import { z } from 'zod'

/** So many pages that fit in a row, and longer ones are tried again. */
const PAGES_UNTIL_LONGER = 8

/** Whether an answer was not looked into, as it was over a limit (docs/decisions/0038-one-edge.md). */
export function isTooLarge(error: unknown): boolean {
  return error instanceof UpstreamError && error.code === 'upstream_answer_too_large'
}

/**
 * The pages of one listing: each another one, and as long as an answer may be. How much an item holds is the customer's (categories,
 * contacts at one address), and a page over a limit would come again for ever.
 */
export class FittingPages {
  readonly #trail = new Trail()
  #limit: number
  #fitted = 0

  /** @param longest most items of a page. */
  constructor(
    private readonly system: UpstreamSystem,
    private readonly longest: number,
  ) {
    this.#limit = longest
  }

  /**
   * Reads a page, a shorter one where it is too large; the pages after it begin with that length.
   * @throws what `ask` throws: `upstream_answer_too_large` only of one item alone.
   */
  async read<T>(ask: (limit: number) => Promise<T>): Promise<T> {
    for (;;) {
      try {
        const page = await ask(this.#limit)
        this.#fitted += 1
        if (this.#fitted >= PAGES_UNTIL_LONGER) {
          this.#change(Math.min(this.longest, this.#limit * 2))
        }
        return page
      } catch (error) {
        if (!isTooLarge(error) || this.#limit === 1) {
          throw error
        }
        this.#change(Math.ceil(this.#limit / 2))
      }
    }
  }

  /**
   * Says where the next page begins; null: this was the last.
   * @throws UpstreamError `upstream_unexpected_answer` where that leads back to a page that was read, or to no end.
   */
  follow(cursor: string | null, operation: string): void {
    if (cursor !== null && !this.#trail.leadsOn(cursor)) {
      throw new UpstreamError({
        code: 'upstream_unexpected_answer',
        system: this.system,
        status: null,
        upstreamCode: null,
        retryable: false,
        mayHaveBeenApplied: false,
        retryAfterSeconds: null,
        requestId: null,
        operation,
        message: 'the listing leads back to a page that was read, or to no end',
      })
    }
  }

  #change(limit: number): void {
    this.#limit = limit
    this.#fitted = 0
  }
}

/** Fifty million rows by pages of 5,000, and more than any system holds by pages of a hundred. */
const MOST_PAGES = 10_000

/**
 * The next links, or cursors, of one listing as they are followed. A server that leads back to where a reading has been, or
 * never comes to an end, would keep it busy for ever.
 */
class Trail {
  readonly #followed = new Set<string>()

  /** Notes a link before it is followed. @returns whether it leads on: it is new, and the listing not endless. */
  leadsOn(link: string): boolean {
    // A link may be as long as an answer.
    const mark = createHash('sha256').update(link).digest('base64')
    if (this.#followed.has(mark) || this.#followed.size >= MOST_PAGES) {
      return false
    }
    this.#followed.add(mark)
    return true
  }
}

/**
 * A list of at most so many entries, counted before one of them is looked at: each that does not fit would else be a fault
 * of its own, and a million faults take minutes.
 */
export function rowsUpTo<S extends z.ZodType>(maxRows: number, row: S) {
  return z.array(z.unknown()).max(maxRows).pipe(z.array(row))
}
