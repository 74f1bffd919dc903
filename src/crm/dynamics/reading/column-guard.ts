import type { CallContext } from '../../../http/index.js'
import { CrmColumnsClosed } from '../../crm.js'
import type { DataverseClient } from '../client.js'
import type { SubscriptionTables, TableFacts } from '../facts.js'
import { whoAmI } from '../who-am-i.js'
import {
  type ClosedColumn,
  closedColumns,
  closedInWords,
  type ColumnUse,
  type TableUse,
} from './column-access.js'
import { CATEGORIES_TABLE, SUBSCRIPTIONS_TABLE } from '../names.js'
import { CONTACT_COLUMNS, SUBSCRIPTION_COLUMNS } from './rows.js'

/** How the sync uses contact: it reads, and writes only the toggle (rule B8). */
export const CONTACT_USE: TableUse = {
  table: 'contact',
  setName: 'contacts',
  columns: { ...usedFor(['read'], CONTACT_COLUMNS), donotbulkemail: ['read', 'write'] },
}

/** How the sync uses one of our tables. */
export function useOfOurs(table: string, { setName }: TableFacts): TableUse {
  switch (table) {
    case SUBSCRIPTIONS_TABLE:
      return {
        table,
        setName,
        columns: {
          ...usedFor(['read', 'create'], SUBSCRIPTION_COLUMNS),
          em_name: ['create'],
          em_subscribed: ['read', 'write', 'create'],
          statecode: ['read'],
        },
      }
    case CATEGORIES_TABLE:
      return {
        table,
        setName,
        columns: usedFor(['read', 'write', 'create'], ['em_name', 'em_categoryid', 'em_archived']),
      }
    default:
      return { table, setName, columns: {} }
  }
}

/** What a reading takes people's answers from: not names of categories, nor whether one is archived. */
function usesOfReading(tables: SubscriptionTables | null): readonly TableUse[] {
  const ours =
    tables === null
      ? []
      : [
          useOfOurs(SUBSCRIPTIONS_TABLE, tables.subscriptions),
          {
            table: CATEGORIES_TABLE,
            setName: tables.categories.setName,
            columns: usedFor(['read'], ['em_categoryid']),
          },
        ]
  return [CONTACT_USE, ...ours]
}

function usedFor(uses: readonly ColumnUse[], columns: readonly string[]): TableUse['columns'] {
  return Object.fromEntries(columns.map((column) => [column, uses]))
}

/** How long an answer is valid: an administrator secures a column, not a person who opts out. */
const COUNTS_FOR_MS = 60_000

/**
 * Refuses to read while a column of contacts or of our own tables is closed to us: null would count as an answer that a
 * person never gave, and a No with a hidden category would not count (docs/wire-dataverse.md, 12). At most one request
 * per table and minute while no column is secured.
 */
export class ColumnGuard {
  #openUntilMs = 0

  constructor(
    private readonly client: DataverseClient,
    private readonly userId: string | null,
    private readonly tables: SubscriptionTables | null,
  ) {}

  /** @throws CrmColumnsClosed with the columns' names; UpstreamError. */
  async pass(context: CallContext): Promise<void> {
    if (Date.now() >= this.#openUntilMs) {
      await this.passUncached(context)
    }
  }

  /** The same without the cached answer, for a listing that nothing corrects. */
  async passUncached(context: CallContext): Promise<void> {
    const askedMs = Date.now()
    this.#openUntilMs = 0
    const userIdOf = async () => this.userId ?? (await whoAmI(this.client, context)).userId
    const uses = usesOfReading(this.tables)
    const closed = await Promise.all(
      uses.map((use) => closedColumns(this.client, use, userIdOf, context)),
    )
    const unreadable = closed.flat().filter(({ lacks }) => lacks === 'read' || lacks === 'masked')
    if (unreadable.length > 0) {
      throw refusal(unreadable)
    }
    this.#openUntilMs = askedMs + COUNTS_FOR_MS
  }
}

function refusal(closed: readonly ClosedColumn[]): CrmColumnsClosed {
  const columns = closedInWords(closed).join(', ')
  return new CrmColumnsClosed(
    `Dynamics closes columns to our application user: ${columns}. Nothing is read until a column security profile opens them, unmasked.`,
    closed[0]?.column ?? null,
  )
}
