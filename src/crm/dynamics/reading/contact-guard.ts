import { AppError } from '../../../contracts/app-error.js'
import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { whoAmI } from '../who-am-i.js'
import { type ClosedColumn, closedColumns, closedInWords } from './column-access.js'
import { CONTACT_USE } from './table-uses.js'

/** How long an answer counts: a column is secured by an administrator, not by a person who opts out. */
const COUNTS_FOR_MS = 60_000

/**
 * Refuses to read contacts while a column that we read is closed to us: null would be taken for what a person never said
 * (docs/wire-dataverse.md, 12). One request a minute at most, as long as no column is secured.
 */
export class ContactGuard {
  #openUntilMs = 0

  constructor(
    private readonly client: DataverseClient,
    private readonly userId: string | null,
  ) {}

  /** @throws AppError `crm_privilege_missing` with the columns' names; UpstreamError. */
  async pass(context: CallContext): Promise<void> {
    if (Date.now() < this.#openUntilMs) {
      return
    }
    const askedMs = Date.now()
    const userIdOf = async () => this.userId ?? (await whoAmI(this.client, context)).userId
    const closed = await closedColumns(this.client, CONTACT_USE, userIdOf, context)
    const unreadable = closed.filter(({ lacks }) => lacks === 'read' || lacks === 'masked')
    if (unreadable.length > 0) {
      throw refusal(unreadable)
    }
    this.#openUntilMs = askedMs + COUNTS_FOR_MS
  }
}

function refusal(closed: readonly ClosedColumn[]): AppError {
  const columns = closedInWords(closed).join(', ')
  return new AppError(
    'crm_privilege_missing',
    `Dynamics closes columns to our application user: ${columns}. Nothing is read until a column security profile opens them, unmasked.`,
    { path: closed[0]?.column ?? null },
  )
}
