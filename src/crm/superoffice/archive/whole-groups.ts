import type { CallContext, UpstreamError } from '../../../http/index.js'
import { allOf } from '../wire/filter.js'
import { type ArchiveRow, numberOf } from '../wire/values.js'
import type { Archive } from './archive.js'
import { type ArchiveQuery, type ArchivePage, MAX_PAGE_ROWS } from './archive-page.js'
import { PAGE_ROWS } from './page-size.js'
import { superOfficeFailure } from '../superoffice-failure.js'

/** A listing in groups of rows with the same key. */
export interface Listing {
  readonly provider: string
  readonly select: readonly string[]
  /** See {@link ArchiveQuery.mayLack}. */
  readonly mayLack?: readonly string[]
  /** Conditions besides the one on the key. */
  readonly where: readonly string[]
  /** The integer column that orders and groups the rows; keys are positive. */
  readonly key: string
  readonly name: string
  /**
   * `shortPage`: a short first page may count as the last if this server can return longer ones. The rights filter may
   * shorten pages, so an open listing is read until a page is empty; a listing of few known ids that fits one page need
   * not be.
   */
  readonly end: 'emptyPage' | 'shortPage'
}

/**
 * Lists rows by key without skipping, and never splits a group: a join multiplies rows, and a page may end within a
 * record (docs/wire-superoffice.md, 0.9, 6). The last group of a page is read again if others may follow, by `gt` of
 * the number before it, because SuperOffice refuses `ge` on integers (6.4). A row without a key is returned with its
 * page, perhaps more than once; the reader must find its owner.
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
    const rowKeys = page.rows.map((row) => numberOf(row, key))
    const keys = rowKeys.filter((one) => one !== null)
    if (keys.length === 0) {
      // Without a key, the start of a next page is unknown.
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
      // After a shortened page, the rights filter may have left any number of rows of this one.
      if (isFirst && (await archive.givesMoreThan(page.rows.length * 2, context))) {
        yield page.rows
        return
      }
    }
    isFirst = false
    const short = page.rows.length < top && page.nextQuery === null
    if (keys.some((one) => one !== last)) {
      yield page.rows.filter((_row, at) => rowKeys[at] !== last)
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

/** The other rows of a group that fills a page alone, by the server's own paging. */
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

/** A page that is half full or more may be cut: the rights filter removes rows after the cut. */
function looksCut(page: ArchivePage, top: number): boolean {
  return page.nextQuery !== null || page.rows.length * 2 >= top
}

/** A page that the rights filter emptied has no key to continue from; its next link is followed. */
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

/** Most links without a position: more count as an endless listing. */
const MOST_LINKS = 1_000

/** Most requests of a listing: a million persons in pages of ten. More count as an endless listing. */
const MOST_PAGES = 100_000

/** The pages of one listing and the next links followed for each; every one must advance. */
export class FollowedLinks {
  readonly #followed = new Set<string>()
  #position = -1
  #pages = 0

  /** @param mostPages for tests. */
  constructor(private readonly mostPages = MOST_PAGES) {}

  /** Notes a page that our own query requests. @throws as {@link follow} */
  begin(query: ArchiveQuery): void {
    this.#followed.clear()
    this.#position = -1
    this.#count(query)
  }

  /**
   * Notes a link before it is followed.
   * @throws UpstreamError `upstream_unexpected_answer`, not retryable, if it leads to an earlier page or nowhere: an
   * incomplete listing must not count as complete.
   */
  follow(query: ArchiveQuery, link: string): void {
    const skip = /(?:^|&)(?:\$|%24)skip=(\d+)/i.exec(link)?.[1]
    const position = skip === undefined ? null : Number(skip)
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

/** The server returns the same rows again. */
export function notAdvancing(query: ArchiveQuery) {
  return unusable(query, 'the listing does not advance')
}

/**
 * Requires that a page begins behind the requested key: with a server that ignores the condition, reading would never
 * end. @throws UpstreamError, not retryable
 */
export function requireBehind(keys: readonly number[], after: number, query: ArchiveQuery): void {
  if (keys.some((key) => key <= after)) {
    throw unusable(query, 'the rows are not the requested ones')
  }
}

/** Requires the order of keys: behind a page without it, rows would be missed. @throws UpstreamError, not retryable */
export function requireOrder(keys: readonly number[], query: ArchiveQuery): void {
  if (keys.some((key, at) => key < (keys[at - 1] ?? key))) {
    throw unusable(query, 'the rows are not in order')
  }
}

/** An unusable answer; not retryable. */
export function unusable({ provider }: ArchiveQuery, how: string): UpstreamError {
  return superOfficeFailure('upstream_unexpected_answer', `GET /Archive/${provider}`, how)
}
