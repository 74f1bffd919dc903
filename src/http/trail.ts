import { createHash } from 'node:crypto'

/** Fifty million rows by pages of 5,000, and more than any system holds by pages of a hundred. */
const MOST_PAGES = 10_000

/**
 * The next links, or cursors, of one listing as they are followed. A server that leads back to where a reading has been, or
 * never comes to an end, would keep it busy for ever.
 */
export class Trail {
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
