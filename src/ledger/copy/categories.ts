import type { Queryable } from '../db/database.js'

/** A subscription category of eMarketeer (D3). */
export interface CategoryRow {
  readonly categoryId: string
  readonly name: string
  readonly archived: boolean
}

/** Stores eMarketeer's categories. @returns the ids of new ones. */
export async function saveCategories(
  db: Queryable,
  connectionId: string,
  categories: readonly CategoryRow[],
): Promise<string[]> {
  const known = new Set((await categoriesOf(db, connectionId)).map((c) => c.categoryId))
  await db.query(
    `INSERT INTO categories (connection_id, category_id, name, archived)
      SELECT $1, c.* FROM unnest($2::text[], $3::text[], $4::boolean[]) AS c
      ON CONFLICT (connection_id, category_id) DO UPDATE SET name = excluded.name, archived = excluded.archived,
        in_crm_at = NULL
        WHERE (categories.name, categories.archived) IS DISTINCT FROM (excluded.name, excluded.archived)`,
    [
      connectionId,
      categories.map((c) => c.categoryId),
      categories.map((c) => c.name),
      categories.map((c) => c.archived),
    ],
  )
  return categories.map((c) => c.categoryId).filter((id) => !known.has(id))
}

/**
 * Stores the default of a new category, Yes and never set (D5), for all addresses that eMarketeer has, so that no state
 * must be read. Other values stay.
 */
export async function fillDefaultCells(
  db: Queryable,
  connectionId: string,
  categoryId: string,
): Promise<void> {
  await db.query(
    `INSERT INTO cells (address_id, cell_key, emarketeer_basis, emarketeer_version)
      SELECT DISTINCT e.address_id, 'category:' || $2, 'consent', 0 FROM emarketeer_contacts e
        WHERE e.connection_id = $1 AND e.address_id IS NOT NULL
      ON CONFLICT DO NOTHING`,
    [connectionId, categoryId],
  )
}

export function categoriesOf(db: Queryable, connectionId: string): Promise<CategoryRow[]> {
  return db.query<CategoryRow>(
    `SELECT category_id AS "categoryId", name, archived FROM categories WHERE connection_id = $1 ORDER BY category_id`,
    [connectionId],
  )
}

/** Whether the CRM lacks a category, a category's name or its archived state. */
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

/** Marks every linked address as due, because a new category needs its rows (D3). */
export async function markAllLinkedDue(db: Queryable, connectionId: string): Promise<void> {
  await db.query(
    `UPDATE addresses SET dirty_tick = nextval('ledger_tick'),
        dirty_since = COALESCE(dirty_since, clock_timestamp()), not_before = NULL
      WHERE connection_id = $1 AND ever_linked AND crm_ended_at IS NULL`,
    [connectionId],
  )
}
