import type { CallContext } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import type { TableFacts } from '../facts.js'
import { categoryIdOfKey } from '../wire/row-key.js'
import { allRows } from './pages.js'
import { ETAG } from './rows.js'

/** A category row. */
export interface CategoryRow {
  readonly rowId: string
  /** eMarketeer's id; null: a category that someone added in Dynamics (rule D3). */
  readonly categoryId: string | null
  readonly name: string | null
  readonly archived: boolean | null
  readonly version: string | null
}

/** Reads every category row; there are tens of them. @throws UpstreamError */
export async function readCategoryRows(
  client: DataverseClient,
  table: TableFacts,
  context: CallContext,
): Promise<CategoryRow[]> {
  const rows = await allRows(
    client,
    {
      setName: table.setName,
      select: [table.primaryId, 'em_name', 'em_categoryid', 'em_archived'],
      name: 'categories.read',
    },
    context,
  )
  return rows.map((row) => ({
    rowId: String(row[table.primaryId]).toLowerCase(),
    categoryId: categoryIdOfKey(text(row['em_categoryid'])),
    name: text(row['em_name']),
    archived: typeof row['em_archived'] === 'boolean' ? row['em_archived'] : null,
    version: text(row[ETAG]),
  }))
}

/** Category row GUID → eMarketeer's category id, read once and again when an unknown GUID turns up. */
export class CategoryMap {
  #byRowId: Map<string, string | null> | null = null

  constructor(
    private readonly client: DataverseClient,
    private readonly table: TableFacts,
  ) {}

  /** Makes sure that every one of these GUIDs was looked for. @throws UpstreamError */
  async cover(rowIds: Iterable<string>, context: CallContext): Promise<void> {
    const known = this.#byRowId
    const unknown = known === null ? true : [...rowIds].some((id) => !known.has(id))
    if (unknown) {
      this.#byRowId = await this.#read(context)
      // A category deleted meanwhile is still referred to by rows just read: look once, not for every page.
      for (const id of rowIds) {
        if (!this.#byRowId.has(id)) {
          this.#byRowId.set(id, null)
        }
      }
    }
  }

  /** eMarketeer's category id, or null. Only after {@link cover}. */
  categoryId(rowId: string): string | null {
    return this.#byRowId?.get(rowId) ?? null
  }

  /** The row of a category, or null. @throws UpstreamError */
  async rowIdOf(categoryId: string, context: CallContext): Promise<string | null> {
    return (
      this.#find(categoryId) ??
      ((this.#byRowId = await this.#read(context)), this.#find(categoryId))
    )
  }

  #find(categoryId: string): string | null {
    for (const [rowId, id] of this.#byRowId ?? []) {
      if (id === categoryId) {
        return rowId
      }
    }
    return null
  }

  async #read(context: CallContext): Promise<Map<string, string | null>> {
    const rows = await readCategoryRows(this.client, this.table, context)
    return new Map(rows.map((row) => [row.rowId, row.categoryId]))
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null
}
