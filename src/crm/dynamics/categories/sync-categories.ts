import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { Category, CategorySyncResult } from '../../crm.js'
import type { DataverseClient } from '../client.js'
import { type DynamicsFacts, subscriptionTables } from '../facts.js'
import { type CategoryRow, readCategoryRows } from '../reading/category-map.js'
import { byKey, shorten } from '../wire/odata.js'
import { categoryKey } from '../wire/row-key.js'

/** Longest `em_name` of a category row. */
const MAX_NAME_CHARACTERS = 100

/** Stands for the name of a row that has none. */
const NAMELESS = '(without a name)'

/** How often a row that moved is read again. */
const MAX_ROUNDS = 3

/**
 * Makes the category rows equal eMarketeer's categories (rule D3). The id is the key; names and archiving follow. Rows
 * that someone added in Dynamics are named and left alone. Does nothing until the tables exist.
 * @throws UpstreamError
 */
export async function syncCategories(
  client: DataverseClient,
  facts: DynamicsFacts,
  categories: readonly Category[],
  context: CallContext,
): Promise<CategorySyncResult> {
  const table = subscriptionTables(facts)?.categories
  const result = { created: 0, updated: 0, foreign: [] as readonly string[] }
  if (table === undefined) {
    return result
  }
  let pending = [...categories]
  for (let round = 1; ; round += 1) {
    const rows = await readCategoryRows(client, table, context)
    const own = new Set(
      categories.map((category) => categoryKey(category.categoryId).toLowerCase()),
    )
    result.foreign = rows.filter((row) => !isOwn(row, own)).map(({ name }) => name ?? NAMELESS)
    const moved: Category[] = []
    for (const category of pending) {
      const wanted = {
        em_name: shorten(category.name, MAX_NAME_CHARACTERS),
        em_archived: category.archived,
      }
      const row = rows.find((candidate) => candidate.categoryId === category.categoryId)
      if (row !== undefined && row.name === wanted.em_name && row.archived === wanted.em_archived) {
        continue
      }
      const path = byKey(table.setName, 'em_categoryid', categoryKey(category.categoryId))
      const condition: Record<string, string> =
        row === undefined ? { 'if-none-match': '*' } : { 'if-match': row.version ?? '*' }
      if (await patch(client, path, condition, wanted, context)) {
        result[row === undefined ? 'created' : 'updated'] += 1
      } else {
        moved.push(category)
      }
    }
    pending = moved
    if (pending.length === 0 || round === MAX_ROUNDS) {
      return result
    }
  }
}

function isOwn(row: CategoryRow, own: ReadonlySet<string>): boolean {
  return row.categoryId !== null && own.has(categoryKey(row.categoryId).toLowerCase())
}

/** @returns false if the row appeared, moved or went: it must be read again. */
async function patch(
  client: DataverseClient,
  path: string,
  headers: Readonly<Record<string, string>>,
  json: Readonly<Record<string, unknown>>,
  context: CallContext,
): Promise<boolean> {
  try {
    const operation = 'PATCH /{categories}({id})'
    await client.text(
      {
        method: 'PATCH',
        path,
        operation,
        name: 'categories.write',
        effect: 'write',
        headers,
        json,
      },
      context,
    )
    return true
  } catch (error) {
    if (error instanceof UpstreamError && (error.status === 412 || error.status === 404)) {
      return false
    }
    throw error
  }
}
