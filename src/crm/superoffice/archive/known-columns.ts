import { type CallContext, UpstreamError } from '../../../http/index.js'
import { isOwnException, NOT_JSON } from '../wire/describe-error.js'
import type { ArchiveQuery } from './archive-page.js'

/**
 * Limited, because an installation may be upgraded, our user may be given a right, or an exception may have meant
 * something else.
 */
const HOLDS_MS = { refused: 12 * 3_600_000, failed: 3_600_000 }

/** The result of trying one column. */
type Trial = 'taken' | keyof typeof HOLDS_MS

/** A query that is refused for another reason must not cause trials each time. */
const LOOK_AGAIN_MS = 10 * 60_000

/**
 * Which optional columns an installation lacks: older ones on site refuse the complete query for one of them. Learned
 * from a refusal by trying each column alone; kept for hours.
 */
export class KnownColumns {
  /** Column → until when it counts as lacking. */
  readonly #lacking = new Map<string, number>()
  readonly #lookedAtMs = new Map<string, number>()
  #looking: Promise<void> | null = null

  /** @param ask reads a page. @param nowMs our clock. */
  constructor(
    private readonly ask: (query: ArchiveQuery, context: CallContext) => Promise<unknown>,
    private readonly nowMs: () => number = Date.now,
  ) {}

  /** The query without columns known to be lacking. */
  without(query: ArchiveQuery): ArchiveQuery {
    const { select } = query
    return { ...query, select: select.filter((column) => !this.#lacks(column)) }
  }

  /**
   * Whether a refused query may be repeated with fewer columns.
   * @param asked as it was sent. @throws UpstreamError, AppError of the trials
   */
  async learnFrom(error: unknown, asked: ArchiveQuery, context: CallContext): Promise<boolean> {
    const suspects = (asked.mayLack ?? []).filter((column) => asked.select.includes(column))
    if (!isRefusedQuery(error) || suspects.length === 0) {
      return false
    }
    if (!suspects.some((column) => this.#lacks(column))) {
      this.#looking ??= this.#look(asked, suspects, { ...context, signal: undefined }).finally(
        () => (this.#looking = null),
      )
      await this.#looking
    }
    return suspects.some((column) => this.#lacks(column))
  }

  async #look(asked: ArchiveQuery, suspects: readonly string[], context: CallContext) {
    const what = asked.select.join()
    const lookedAtMs = this.#lookedAtMs.get(what)
    if (lookedAtMs !== undefined && this.nowMs() < lookedAtMs + LOOK_AGAIN_MS) {
      return
    }
    const { orderBy: key } = asked
    // If even the key alone is refused, columns are not the reason.
    if ((await this.#try(asked, [key], context)) === 'taken') {
      for (const column of suspects) {
        const tried = await this.#try(asked, [key, column], context)
        if (tried !== 'taken') {
          this.#lacking.set(column, this.nowMs() + HOLDS_MS[tried])
        }
      }
    }
    this.#lookedAtMs.set(what, this.nowMs())
  }

  /** An exception must occur twice: the first may be a passing fault of the server. */
  async #try(
    asked: ArchiveQuery,
    select: readonly string[],
    context: CallContext,
    isAgain = false,
  ): Promise<Trial> {
    try {
      await this.ask({ ...asked, select, filter: `${asked.orderBy} gt 0`, top: 1 }, context)
      return 'taken'
    } catch (error) {
      if (!isRefusedQuery(error)) {
        throw error
      }
      if (!isOwnException(error)) {
        return 'refused'
      }
      return isAgain ? 'failed' : this.#try(asked, select, context, true)
    }
  }

  #lacks(column: string): boolean {
    return this.nowMs() < (this.#lacking.get(column) ?? 0)
  }
}

/** Refused by SuperOffice itself, and not for its length. The status is not documented. */
function isRefusedQuery(error: unknown): error is UpstreamError {
  return (
    error instanceof UpstreamError &&
    (isOwnException(error) || (error.status === 400 && error.upstreamCode !== NOT_JSON))
  )
}
