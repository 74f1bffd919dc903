import type { ArchiveQuery } from './archive-query.js'
import { unusable } from './page-keys.js'

/** Where links tell no position, so many pages without an end are not believed to come to one. */
const MOST_LINKS = 1_000

/** A million persons by pages of ten: a listing of more requests is not believed to come to an end. */
const MOST_PAGES = 100_000

/** The pages of one listing, and the next links that were followed for each: every one must lead on. */
export class FollowedLinks {
  readonly #followed = new Set<string>()
  #position = -1
  #pages = 0

  /** @param mostPages for tests. */
  constructor(private readonly mostPages = MOST_PAGES) {}

  /** Notes a page before it is asked for by a query of ours. @throws as {@link follow} */
  begin(query: ArchiveQuery): void {
    this.#followed.clear()
    this.#position = -1
    this.#count(query)
  }

  /**
   * Notes a link before it is followed.
   *
   * @throws UpstreamError `upstream_unexpected_answer`, not retryable, where it leads back to a page that was read, or
   *   nowhere: what was read so far must not pass for everything.
   */
  follow(query: ArchiveQuery, link: string): void {
    const told = /(?:^|&)(?:\$|%24)skip=(\d+)/i.exec(link)?.[1]
    const position = told === undefined ? null : Number(told)
    const leadsOn =
      !this.#followed.has(link) &&
      (position === null ? this.#followed.size < MOST_LINKS : position > this.#position)
    if (!leadsOn) {
      throw notAdvancing(query)
    }
    this.#count(query)
    this.#followed.add(link)
    this.#position = position ?? this.#position
  }

  #count(query: ArchiveQuery): void {
    this.#pages += 1
    if (this.#pages > this.mostPages) {
      throw notAdvancing(query)
    }
  }
}

/** The server gives the same again. */
export function notAdvancing(query: ArchiveQuery) {
  return unusable(query, 'the listing does not advance')
}
