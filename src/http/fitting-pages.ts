import { UpstreamError, type UpstreamSystem } from './upstream-error.js'
import { createHash } from 'node:crypto'
import { z } from 'zod'

/** After this many consecutive pages that fit, longer ones are tried again. */
const PAGES_UNTIL_LONGER = 8

/** Whether an answer exceeded a limit and was not parsed (docs/decisions/0038-one-edge.md). */
export function isTooLarge(error: unknown): boolean {
  return error instanceof UpstreamError && error.code === 'upstream_answer_too_large'
}

/**
 * The pages of one listing. None repeats, and each is as long as the limits allow. The customer's data determine how
 * much an item holds (categories, contacts at one address), and a page over a limit would otherwise be requested
 * forever.
 */
export class FittingPages {
  readonly #trail = new Trail()
  #limit: number
  #fitted = 0

  constructor(
    private readonly system: UpstreamSystem,
    private readonly longest: number,
  ) {
    this.#limit = longest
  }

  /**
   * Reads a page, and a shorter one if it is too large. Later pages start with that length.
   * @throws the errors of `ask`; `upstream_answer_too_large` only for a single item.
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
   * Sets where the next page begins; null: this was the last.
   * @throws UpstreamError `upstream_unexpected_answer` if that page was already read, or the listing does not end.
   */
  follow(cursor: string | null, operation: string): void {
    if (cursor !== null && !this.#trail.leadsOn(cursor)) {
      throw new UpstreamError({
        code: 'upstream_unexpected_answer',
        system: this.system,
        retryable: false,
        mayHaveBeenApplied: false,
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

/** Fifty million rows in pages of 5,000; in pages of 100 still more than any system holds. */
const MOST_PAGES = 10_000

/**
 * The next links, or cursors, followed in one listing. Without it, a server that repeats a link, or never ends, would
 * keep the reader busy forever.
 */
class Trail {
  readonly #followed = new Set<string>()

  /** Records a link before it is followed. @returns whether the link is new and the listing is within its bounds. */
  leadsOn(link: string): boolean {
    // A hash, because a link may be as long as an answer.
    const mark = createHash('sha256').update(link).digest('base64')
    if (this.#followed.has(mark) || this.#followed.size >= MOST_PAGES) {
      return false
    }
    this.#followed.add(mark)
    return true
  }
}

/**
 * A list of at most `maxRows` entries, counted before any is checked. Otherwise each misfit is a fault of its own, and
 * a million faults take minutes.
 */
export function rowsUpTo<S extends z.ZodType>(maxRows: number, row: S) {
  return z.array(z.unknown()).max(maxRows).pipe(z.array(row))
}
