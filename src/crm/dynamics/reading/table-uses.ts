import { CATEGORIES_TABLE, SUBSCRIPTIONS_TABLE } from '../names.js'
import type { SubscriptionTables, TableFacts } from '../facts.js'
import type { ColumnUse, TableUse } from './column-access.js'
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
export function usesOfReading(tables: SubscriptionTables | null): readonly TableUse[] {
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
