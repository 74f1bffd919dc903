import type { CallContext } from '../../../http/index.js'
import type { CrmSubscription } from '../../crm.js'
import type { TableFacts } from '../facts.js'
import type { CategoryMap } from './category-map.js'
import type { RawRow } from './rows.js'
import { categoryRowIdOf, toSubscription } from './to-subscription.js'

/** Converts rows to subscriptions; first reads the categories if a row refers to an unknown one. */
export async function subscriptionsOf(
  rows: readonly RawRow[],
  table: TableFacts,
  categories: CategoryMap,
  context: CallContext,
): Promise<CrmSubscription[]> {
  const categoryRowIds = new Set(rows.map(categoryRowIdOf).filter((id) => id !== null))
  if (categoryRowIds.size > 0) {
    await categories.cover(categoryRowIds, context)
  }
  return rows.map((row) => toSubscription(row, table, (id) => categories.categoryId(id), context))
}
