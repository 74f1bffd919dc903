import type { Queryable } from './database.js'

/** A subscription category of eMarketeer (D3). */
export interface CategoryRow {
  readonly categoryId: string
  readonly name: string
  readonly archived: boolean
}

/** Stores eMarketeer's categories. @returns whether anything changed. */
export async function saveCategories(
  db: Queryable,
  connectionId: string,
  categories: readonly CategoryRow[],
): Promise<boolean> {
  const rows = await db.query(
    `INSERT INTO categories (connection_id, category_id, name, archived)
      SELECT $1, c.* FROM unnest($2::text[], $3::text[], $4::boolean[]) AS c
      ON CONFLICT (connection_id, category_id) DO UPDATE SET name = excluded.name, archived = excluded.archived,
        in_crm_at = NULL
        WHERE (categories.name, categories.archived) IS DISTINCT FROM (excluded.name, excluded.archived)
      RETURNING 1`,
    [
      connectionId,
      categories.map((c) => c.categoryId),
      categories.map((c) => c.name),
      categories.map((c) => c.archived),
    ],
  )
  return rows.length > 0
}

/** Categories of a connection. */
export function categoriesOf(db: Queryable, connectionId: string): Promise<CategoryRow[]> {
  return db.query<CategoryRow>(
    `SELECT category_id AS "categoryId", name, archived FROM categories WHERE connection_id = $1 ORDER BY category_id`,
    [connectionId],
  )
}

/** Whether some category's name or state has not reached the CRM. */
export async function categoriesArePending(db: Queryable, connectionId: string): Promise<boolean> {
  const rows = await db.query(
    `SELECT 1 FROM categories WHERE connection_id = $1 AND in_crm_at IS NULL LIMIT 1`,
    [connectionId],
  )
  return rows.length > 0
}

/** Notes that the CRM has all categories as they are stored here. */
export async function markCategoriesInCrm(db: Queryable, connectionId: string): Promise<void> {
  await db.query(
    `UPDATE categories SET in_crm_at = now() WHERE connection_id = $1 AND in_crm_at IS NULL`,
    [connectionId],
  )
}

/** Marks every linked address dirty: a new category needs its rows (D3). */
export async function markAllLinkedDirty(
  db: Queryable,
  connectionId: string,
  tick: number,
): Promise<void> {
  await db.query(
    `UPDATE addresses SET dirty_tick = GREATEST(COALESCE(dirty_tick, 0), $2),
        dirty_since = COALESCE(dirty_since, clock_timestamp()), not_before = NULL
      WHERE connection_id = $1 AND ever_linked AND crm_ended_at IS NULL`,
    [connectionId, tick],
  )
}
