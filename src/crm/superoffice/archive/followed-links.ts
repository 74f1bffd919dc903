import { type ArchiveQuery } from './archive.js'
import { unusable } from './page-keys.js'

/** Where links tell no position, so many pages without an end are not believed to come to one. */
const MOST_LINKS = 1_000

/** The next links that were followed for one page: each must lead on. */
export class FollowedLinks {
  readonly #followed = new Set<string>()
  #position = -1

  constructor(private readonly query: ArchiveQuery) {}

  /**
   * Notes a link before it is followed.
   *
   * @throws UpstreamError `upstream_unexpected_answer`, not retryable, where it leads back to a page that was read, or
   *   nowhere: what was read so far must not pass for everything.
   */
  follow(link: string): void {
    const told = /(?:^|&)(?:\$|%24)skip=(\d+)/i.exec(link)?.[1]
    const position = told === undefined ? null : Number(told)
    const leadsOn =
      !this.#followed.has(link) &&
      (position === null ? this.#followed.size < MOST_LINKS : position > this.#position)
    if (!leadsOn) {
      throw notAdvancing(this.query)
    }
    this.#followed.add(link)
    this.#position = position ?? this.#position
  }
}

/** The server gives the same again. */
export function notAdvancing(query: ArchiveQuery) {
  return unusable(query, 'the listing does not advance')
}
