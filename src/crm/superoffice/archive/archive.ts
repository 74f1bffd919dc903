import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { SuperOfficeClient } from '../client.js'
import { NOT_JSON } from '../wire/describe-error.js'
import { encodeParameters } from '../wire/filter.js'
import { archiveAnswer, type ArchivePage, toArchivePage } from './archive-page.js'
import { KnownColumns } from './known-columns.js'
import { PageSize } from './page-size.js'

/** Rows asked for at once; always sent, as neither default nor maximum is known. */
export const PAGE_ROWS = 1_000

/** Below this a query goes by GET: IIS takes 2,048 characters of query unless the site says otherwise [memory]. */
const MAX_QUERY_CHARACTERS = 1_800

/** A page of an archive. */
export interface ArchiveQuery {
  /** `dynamic`, or the name of a provider. */
  readonly provider: string
  readonly select: readonly string[]
  readonly filter: string
  readonly orderBy: string
  readonly top: number
  /** Columns among the selected that an installation may lack, and that can be done without. */
  readonly mayLack?: readonly string[]
  /** For counting. */
  readonly name: string
}

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
}

/** There is no such method, path or kind of body. */
const NO_POST = [404, 405, 415, 501]

/** How long queries then are not posted: servers are upgraded, and a 400 may have meant something else. */
const NO_POST_MS = { surely: 12 * 3_600_000, perhaps: 3_600_000 }

/** Values in one `in (…)`: where a query can be posted, and where it must go by GET to begin with. */
const MAX_VALUES = { posted: 250, got: 40 }

/** Archives of one installation, with what was learned of it: whether, and how long, queries can be. */
export class Archive {
  #noPostUntilMs = 0
  #maxGot = MAX_VALUES.got
  readonly #pageSize: PageSize
  readonly #columns: KnownColumns

  /** @param nowMs our clock. */
  constructor(
    private readonly client: SuperOfficeClient,
    private readonly nowMs: () => number = Date.now,
  ) {
    this.#columns = new KnownColumns((query, context) => this.#page(query, context))
    this.#pageSize = new PageSize(async (context) => {
      try {
        return (await this.page(ANY_ROWS, context)).rows.length
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
   * A server that has no POST may take it for a malformed call (400): it is tried by GET, which tells. Where GET is
   * refused as well, it was not that.
   */
  #doubtingPost(error: unknown): unknown {
    if (!(error instanceof UpstreamError) || error.status !== 400) {
      return error
    }
    const byPost = error.operation.startsWith('POST ')
    this.#noPostUntilMs = byPost ? this.nowMs() + NO_POST_MS.perhaps : 0
    return byPost ? new QueryTooLong('the query may not be posted', { cause: error }) : error
  }

  get #canPost(): boolean {
    return this.nowMs() >= this.#noPostUntilMs
  }

  async #page(query: ArchiveQuery, context: CallContext): Promise<ArchivePage> {
    const parameters = encodeParameters({
      $select: query.select.join(','),
      $filter: query.filter,
      $orderBy: query.orderBy,
      $top: String(query.top),
    })
    const page =
      parameters.length > MAX_QUERY_CHARACTERS && this.#canPost
        ? await this.#post(query, parameters, context)
        : await this.#get(query, parameters, context)
    this.#pageSize.saw(page.rows.length)
    return page
  }

  /** Whether a page of this server is known to hold more rows than that. @throws UpstreamError, AppError */
  givesMoreThan(rows: number, context: CallContext): Promise<boolean> {
    return this.#pageSize.exceeds(rows, context)
  }

  /** How many values to ask for at a time, as far as is known. */
  get maxValues(): number {
    return this.#canPost ? MAX_VALUES.posted : this.#maxGot
  }

  /** That many values were too many. @returns how many to try next, always fewer; null where it was only one. */
  tooMany(values: number): number | null {
    if (values <= 1) {
      // Not the length, then: what was learned on the way down means nothing.
      this.#noPostUntilMs = 0
      this.#maxGot = MAX_VALUES.got
      return null
    }
    if (this.maxValues >= values) {
      this.#maxGot = Math.min(this.#maxGot, Math.floor(values / 2))
      return Math.floor(values / 2)
    }
    return this.maxValues
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
    { provider, name }: Pick<ArchiveQuery, 'provider' | 'name'>,
    parameters: string,
    context: CallContext,
  ): Promise<ArchivePage> {
    const request = {
      method: 'GET',
      path: `/Archive/${provider}?${parameters}`,
      operation: `GET /Archive/${provider}`,
      name,
      effect: 'read',
    } as const
    try {
      return toArchivePage((await this.client.json(request, archiveAnswer, context)).body)
    } catch (error) {
      throw isTooLong(error, parameters)
        ? new QueryTooLong('the query is too long', { cause: error })
        : error
    }
  }

  /** Older servers on site have no such thing: then not again for long, and fewer values at a time. */
  async #post(
    { provider, name }: ArchiveQuery,
    parameters: string,
    context: CallContext,
  ): Promise<ArchivePage> {
    const request = {
      method: 'POST',
      path: `/Archive/${provider}`,
      operation: `POST /Archive/${provider}`,
      name,
      effect: 'read',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: parameters,
    } as const
    try {
      return toArchivePage((await this.client.json(request, archiveAnswer, context)).body)
    } catch (error) {
      if (error instanceof UpstreamError && NO_POST.includes(error.status ?? 0)) {
        this.#noPostUntilMs = this.nowMs() + NO_POST_MS.surely
        throw new QueryTooLong('the query cannot be posted', { cause: error })
      }
      throw isTooLong(error, '')
        ? new QueryTooLong('the query is too long', { cause: error })
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
