import type { ArchiveQuery } from './archive-query.js'
import { BULK_ANSWER, type CallContext, PAGE_ANSWER, UpstreamError } from '../../../http/index.js'
import type { SuperOfficeClient } from '../client.js'
import { isOwnException, NOT_JSON } from '../wire/describe-error.js'
import { encodeParameters } from '../wire/filter.js'
import { numberOf } from '../wire/values.js'
import { archiveAnswer, type ArchivePage, toArchivePage } from './archive-page.js'
import { KnownColumns } from './known-columns.js'
import { type LongPage, PAGE_ROWS, PageSize } from './page-size.js'
import { PieceSize } from './piece-size.js'

/** Below this a query goes by GET: IIS takes 2,048 characters of query unless the site says otherwise [memory]. */
const MAX_QUERY_CHARACTERS = 1_800

/** Shows how many rows come at once. */
const ANY_ROWS: ArchiveQuery = {
  provider: 'dynamic',
  select: ['email.person_id'],
  filter: 'email.person_id gt 0',
  orderBy: 'email.person_id',
  top: PAGE_ROWS,
  name: 'archive.pageSize',
}

/** The query is longer than this server takes: ask for less at a time. Internal to reading. */
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

/** There is no such method, path or kind of body. */
const NO_POST = [404, 405, 415, 501]

/** Archives of one installation, with what was learned of it: whether, and how long, queries can be. */
export class Archive {
  /** How many values to ask for at a time. */
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
   * Reads a page: short queries by GET, longer ones by POST, where the server has it (docs/wire-superoffice.md, 6).
   * Columns that it may lack are left out where it refuses them.
   *
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
   * A server that has no POST may take it for a malformed call (400, or an exception): it is tried by GET, which tells.
   * Where GET is refused as well, it was not that.
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
    this.pieceSize.cannotPost(error.status === 400 ? 'perhaps' : 'hardly')
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

  /** Reads as many rows as the server gives, and where those are not as many as asked for, whether more follow. */
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

  /** Whether a page of this server is known to hold more rows than that. @throws UpstreamError, AppError */
  givesMoreThan(rows: number, context: CallContext): Promise<boolean> {
    return this.#pageSize.exceeds(rows, context)
  }

  /** The page that a next link named, by its query alone. */
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

  /** Older servers on site have no such thing: then not again for long, and fewer values at a time. */
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
        this.pieceSize.cannotPost('surely')
        throw new QueryTooLong('the query cannot be posted', true, { cause: error })
      }
      throw isTooLong(error, '')
        ? new QueryTooLong('the query is too long', true, { cause: error })
        : error
    }
  }
}

/**
 * IIS refuses a long query with a page of HTML, 404.15 or 400, or with 414; never as "no data". Of one that is longer
 * than it takes unasked, 404 and 400 are not believed to mean anything else, whatever they look like.
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
