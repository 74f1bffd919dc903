import {
  type ArchiveQuery,
  archiveAnswer,
  type ArchivePage,
  toArchivePage,
} from './archive-page.js'
import { BULK_ANSWER, type CallContext, PAGE_ANSWER, UpstreamError } from '../../../http/index.js'
import type { SuperOfficeClient } from '../client.js'
import { isOwnException, NOT_JSON } from '../wire/describe-error.js'
import { encodeParameters } from '../wire/filter.js'
import { numberOf } from '../wire/values.js'
import { KnownColumns } from './known-columns.js'
import { type LongPage, PAGE_ROWS, PageSize } from './page-size.js'
import { PieceSize } from './piece-size.js'

/** Shorter queries use GET: IIS accepts 2,048 characters of query by default [memory]. */
const MAX_QUERY_CHARACTERS = 1_800

/** Shows how many rows the server returns per request. */
const ANY_ROWS: ArchiveQuery = {
  provider: 'dynamic',
  select: ['email.person_id'],
  filter: 'email.person_id gt 0',
  orderBy: 'email.person_id',
  top: PAGE_ROWS,
  name: 'archive.pageSize',
}

/** The query is longer than this server accepts: ask for less at a time. Internal to reading. */
export class QueryTooLong extends Error {
  override readonly name = 'QueryTooLong'

  constructor(
    message: string,
    /** Whether it was sent by POST. */
    readonly posted: boolean,
    options: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** The method, path or kind of body does not exist. */
const NO_POST = [404, 405, 415, 501]

/** Archives of one installation, with what is known of its limits: whether queries can be posted, and their length. */
export class Archive {
  /** Number of values per query. */
  readonly pieceSize: PieceSize
  readonly #pageSize: PageSize
  readonly #columns: KnownColumns

  /** @param nowMs our clock. */
  constructor(
    private readonly client: SuperOfficeClient,
    nowMs: () => number = Date.now,
  ) {
    this.pieceSize = new PieceSize(nowMs)
    this.#columns = new KnownColumns((query, context) => this.#page(query, context))
    this.#pageSize = new PageSize(async (context) => {
      try {
        return await this.#longPage(context)
      } catch (error) {
        throw error instanceof QueryTooLong ? error.cause : error
      }
    })
  }

  /**
   * Reads a page: short queries by GET, longer ones by POST if the server has it (docs/wire-superoffice.md, 6). Leaves
   * out columns in `mayLack` that the server refuses.
   * @throws QueryTooLong, UpstreamError, AppError `crm_tenant_unavailable`
   */
  async page(query: ArchiveQuery, context: CallContext): Promise<ArchivePage> {
    const asked = this.#columns.without(query)
    try {
      return await this.#page(asked, context)
    } catch (error) {
      if (await this.#columns.learnFrom(error, asked, context)) {
        return this.#page(this.#columns.without(asked), context)
      }
      throw this.#doubtingPost(error)
    }
  }

  /**
   * A server without POST may call it malformed (400, or an exception), so the query is repeated by GET. If GET is
   * refused as well, POST was not the reason.
   */
  #doubtingPost(error: unknown): unknown {
    if (!(error instanceof UpstreamError) || !(error.status === 400 || isOwnException(error))) {
      return error
    }
    const byPost = error.operation.startsWith('POST ')
    if (!byPost) {
      this.pieceSize.tryPosting()
      return error
    }
    this.pieceSize.cannotPost(error.status === 400 ? 'refused' : 'failed')
    return new QueryTooLong('the query may not be posted', true, { cause: error })
  }

  async #page(query: ArchiveQuery, context: CallContext): Promise<ArchivePage> {
    const parameters = encodeParameters({
      $select: query.select.join(','),
      $filter: query.filter,
      $orderBy: query.orderBy,
      $top: String(query.top),
    })
    const page =
      parameters.length > MAX_QUERY_CHARACTERS && this.pieceSize.canPost
        ? await this.#post(query, parameters, context)
        : await this.#get(query, parameters, context)
    this.#pageSize.saw(page.rows.length)
    return page
  }

  /** Reads as many rows as the server returns; if they are fewer than requested, also whether more follow. */
  async #longPage(context: CallContext): Promise<LongPage> {
    const { rows, nextQuery } = await this.page(ANY_ROWS, context)
    const full = rows.length >= ANY_ROWS.top
    if (full || rows.length === 0 || nextQuery !== null) {
      return { rows: rows.length, cutShort: !full && nextQuery !== null }
    }
    const key = ANY_ROWS.orderBy
    const last = Math.max(...rows.map((row) => numberOf(row, key) ?? 0))
    const next = { ...ANY_ROWS, filter: `${key} gt ${last}` }
    return { rows: rows.length, cutShort: (await this.page(next, context)).rows.length > 0 }
  }

  /** Whether a page of this server can hold more rows than that. @throws UpstreamError, AppError */
  givesMoreThan(rows: number, context: CallContext): Promise<boolean> {
    return this.#pageSize.exceeds(rows, context)
  }

  /** The page of a next link, by its query alone. */
  async following(
    query: Pick<ArchiveQuery, 'provider' | 'name'>,
    nextQuery: string,
    context: CallContext,
  ): Promise<ArchivePage> {
    return this.#get(query, nextQuery, context)
  }

  async #get(
    {
      provider,
      name,
      top = 0,
    }: Pick<ArchiveQuery, 'provider' | 'name'> & { readonly top?: number },
    parameters: string,
    context: CallContext,
  ): Promise<ArchivePage> {
    const request = {
      method: 'GET',
      path: `/Archive/${provider}?${parameters}`,
      operation: `GET /Archive/${provider}`,
      name,
      effect: 'read',
      limits: top > PAGE_ROWS ? BULK_ANSWER : PAGE_ANSWER,
    } as const
    try {
      return toArchivePage((await this.client.json(request, archiveAnswer, context)).body)
    } catch (error) {
      throw isTooLong(error, parameters)
        ? new QueryTooLong('the query is too long', false, { cause: error })
        : error
    }
  }

  /** Older servers on site have no POST: it is not tried again for long, and queries have fewer values. */
  async #post(
    { provider, name, top }: ArchiveQuery,
    parameters: string,
    context: CallContext,
  ): Promise<ArchivePage> {
    const request = {
      method: 'POST',
      path: `/Archive/${provider}`,
      operation: `POST /Archive/${provider}`,
      name,
      effect: 'read',
      limits: top > PAGE_ROWS ? BULK_ANSWER : PAGE_ANSWER,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: parameters,
    } as const
    try {
      return toArchivePage((await this.client.json(request, archiveAnswer, context)).body)
    } catch (error) {
      if (error instanceof UpstreamError && NO_POST.includes(error.status ?? 0)) {
        this.pieceSize.cannotPost('absent')
        throw new QueryTooLong('the query cannot be posted', true, { cause: error })
      }
      throw isTooLong(error, '')
        ? new QueryTooLong('the query is too long', true, { cause: error })
        : error
    }
  }
}

/**
 * IIS refuses a long query with a page of HTML, 404.15 or 400, or with 414; never as "no data". For a query beyond the
 * default limit, every 404 and 400 counts as this refusal.
 */
function isTooLong(error: unknown, parameters: string): boolean {
  if (!(error instanceof UpstreamError)) {
    return false
  }
  const { status, upstreamCode } = error
  return (
    status === 413 ||
    status === 414 ||
    status === 431 ||
    ((status === 404 || status === 400) &&
      (upstreamCode === NOT_JSON || parameters.length > MAX_QUERY_CHARACTERS))
  )
}

/**
 * Whether SuperOffice refuses this query, for a column or an operator that it lacks, so that an alternative may be
 * tried. A 400 shows it. The status is not documented: an exception with 500 counts if the same query fails again while
 * a plain one of the same table is answered.
 * @param error of the query. @throws nothing: a doubtful case is false, and the caller throws `error`.
 */
export async function isQueryRefused(
  archive: Archive,
  query: ArchiveQuery,
  error: unknown,
  context: CallContext,
): Promise<boolean> {
  if (!(error instanceof UpstreamError)) {
    return false
  }
  if (!isOwnException(error)) {
    return error.status === 400
  }
  const { orderBy: key } = query
  const failureOf = (asked: ArchiveQuery): Promise<unknown> =>
    archive.page({ ...asked, top: 1 }, context).then(
      () => null,
      (failure: unknown) => failure,
    )
  const again = await failureOf(query)
  const plain = await failureOf({ ...query, select: [key], mayLack: [], filter: `${key} gt 0` })
  return plain === null && again instanceof UpstreamError && isOwnException(again)
}
