import type { Queryable } from '../db/database.js'

/** Names of the subscription categories that somebody added in the CRM, as last seen (D3): ignored, and told. */
export async function foreignCategoriesOf(
  db: Queryable,
  connectionId: string,
): Promise<readonly string[]> {
  const [row] = await db.query<{ names: readonly string[] }>(
    `SELECT crm_foreign_categories AS names FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  return row?.names ?? []
}

/** Notes them. */
export async function saveForeignCategories(
  db: Queryable,
  connectionId: string,
  names: readonly string[],
): Promise<void> {
  await db.query(
    `UPDATE connections SET crm_foreign_categories = $2::jsonb
      WHERE connection_id = $1 AND crm_foreign_categories <> $2::jsonb`,
    [connectionId, JSON.stringify(names)],
  )
}
