import type { CallContext } from '../../../http/index.js'
import { allOf } from '../wire/filter.js'
import { type ArchiveRow, numberOf } from '../wire/values.js'
import type { Archive } from './archive.js'
import type { ArchiveQuery } from './archive-query.js'
import { type ArchivePage, MAX_PAGE_ROWS } from './archive-page.js'
import { requireBehind, requireOrder, unusable } from './page-keys.js'
import { PAGE_ROWS } from './page-size.js'

/** What is listed, in groups of rows with the same key. */
export interface Listing {
  readonly provider: string
  readonly select: readonly string[]
  /** See {@link ArchiveQuery.mayLack}. */
  readonly mayLack?: readonly string[]
  /** Conditions beside the one on the key. */
  readonly where: readonly string[]
  /** The whole-number column that orders and groups the rows; keys are above 0. */
  readonly key: string
  readonly name: string
  /**
   * Whether a short first page may be believed to be the last, where this server is known to give longer ones. The rights
   * filter may shorten pages, so that an open listing is read until a page is empty; one of few known ids need not, as
   * long as it fits one page.
   */
  readonly end: 'emptyPage' | 'shortPage'
}

/**
 * Lists rows by their key, never by skipping, and never tears a group: a join multiplies rows, and a page may end within
 * one record's (docs/wire-superoffice.md, 0.9, 6). The last group of a page that others follow is read again whole, by
 * `gt` of the number before it: SuperOffice refuses `ge` on whole numbers (6.4). A row whose key is not told comes with the
 * others of its page, perhaps more than once; whose it is, whoever reads it has to ask.
 *
 * @param links for tests. @throws QueryTooLong, UpstreamError, AppError
 */
export async function* wholeGroups(
  archive: Archive,
  listing: Listing,
  context: CallContext,
  links = new FollowedLinks(),
): AsyncGenerator<readonly ArchiveRow[]> {
  let after = 0
  let top = PAGE_ROWS
  let isFirst = true
  for (;;) {
    const { provider, select, mayLack = [], where, key, name } = listing
    const filter = allOf([...where, `${key} gt ${after}`])
    const query = { provider, select, mayLack, filter, orderBy: key, top, name }
    links.begin(query)
    const page = await firstWithRows(archive, query, context, links)
    if (page.rows.length === 0) {
      return
    }
    const told = page.rows.map((row) => numberOf(row, key))
    const keys = told.filter((one) => one !== null)
    if (keys.length === 0) {
      // Nothing tells where the next page would begin.
      if (looksCut(page, top) || !(await archive.givesMoreThan(page.rows.length * 2, context))) {
        throw unusable(query, 'no row of a page has a key')
      }
      yield page.rows
      return
    }
    const last = Math.max(...keys)
    requireBehind(keys, after, query)
    if (looksCut(page, top)) {
      requireOrder(keys, query)
    } else if (listing.end === 'shortPage') {
      // Behind a page that was cut, the rights filter may have left any number of rows of this one.
      if (isFirst && (await archive.givesMoreThan(page.rows.length * 2, context))) {
        yield page.rows
        return
      }
    }
    isFirst = false
    const short = page.rows.length < top && page.nextQuery === null
    if (keys.some((one) => one !== last)) {
      yield page.rows.filter((_row, at) => told[at] !== last)
      after = last - 1
      top = PAGE_ROWS
    } else if (short) {
      yield page.rows
      after = last
      top = PAGE_ROWS
    } else if (page.nextQuery !== null) {
      yield [
        ...page.rows,
        ...(await restOfGroup(archive, query, page.nextQuery, last, context, links)),
      ]
      after = last
      top = PAGE_ROWS
    } else if (top < MAX_PAGE_ROWS) {
      after = last - 1
      top = top * 2
    } else {
      throw notAdvancing(query)
    }
  }
}

/** One group alone fills the page: its other rows, by the server's own paging. */
async function restOfGroup(
  archive: Archive,
  query: ArchiveQuery,
  nextQuery: string,
  group: number,
  context: CallContext,
  links: FollowedLinks,
): Promise<readonly ArchiveRow[]> {
  const rest: ArchiveRow[] = []
  let next: string | null = nextQuery
  while (next !== null) {
    links.follow(query, next)
    const page: ArchivePage = await archive.following(query, next, context)
    const own = page.rows.filter((row) => {
      const key = numberOf(row, query.orderBy)
      return key === group || key === null
    })
    rest.push(...own)
    next = own.length > 0 && own.length === page.rows.length ? page.nextQuery : null
  }
  return rest
}

/** Half a page or more is not believed to be all: the rights filter takes rows away after the page was cut. */
function looksCut(page: ArchivePage, top: number): boolean {
  return page.nextQuery !== null || page.rows.length * 2 >= top
}

/** A page that the rights filter emptied has no key to go on from; then its next link is followed, by its query. */
async function firstWithRows(
  archive: Archive,
  query: ArchiveQuery,
  context: CallContext,
  links: FollowedLinks,
): Promise<ArchivePage> {
  let page = await archive.page(query, context)
  while (page.rows.length === 0 && page.nextQuery !== null) {
    links.follow(query, page.nextQuery)
    page = await archive.following(query, page.nextQuery, context)
  }
  return page
}

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
