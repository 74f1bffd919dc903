import { type CallContext, readValue } from '../../../http/index.js'
import { UNKNOWN_CATEGORY } from '../../../domain/hidden-ids.js'
import type { DataverseClient } from '../client.js'
import type { TableFacts } from '../facts.js'
import { categoryIdOfKey } from '../wire/row-key.js'
import { allRows } from './pages.js'
import { isGuid } from '../wire/odata.js'
import { categoryRow, ETAG } from './rows.js'

/** A category row. */
export interface CategoryRow {
  readonly rowId: string
  /** eMarketeer's id; null: a category that someone added in Dynamics (rule D3). */
  readonly categoryId: string | null
  readonly name: string | null
  readonly archived: boolean | null
  readonly version: string | null
}

/**
 * Reads every category row with a readable id and key; there are tens of them. A category that someone adds in Dynamics
 * has no key, so null has a meaning; a missing or mistyped value has none.
 * @throws UpstreamError
 */
export async function readCategoryRows(
  client: DataverseClient,
  { setName, primaryId }: TableFacts,
  context: CallContext,
): Promise<CategoryRow[]> {
  const rows = await allRows(
    client,
    {
      setName,
      select: [primaryId, 'em_name', 'em_categoryid', 'em_archived'],
      name: 'categories.read',
    },
    context,
  )
  return rows.flatMap((row): CategoryRow[] => {
    const rowId = row[primaryId]
    const reading = readValue(categoryRow, { ...row, rowId })
    if (reading.ok) {
      const {
        em_categoryid: key,
        em_name: name = null,
        em_archived: archived = null,
      } = reading.value
      const version = reading.value[ETAG] ?? null
      return [
        { rowId: reading.value.rowId, categoryId: categoryIdOfKey(key), name, archived, version },
      ]
    }
    const id = isGuid(rowId) ? rowId : null
    context.onUnreadable?.({ operation: `GET /${setName}`, path: reading.path, id })
    return []
  })
}

/** How soon a category without our key is looked up again: several pages of its rows may follow one another. */
const LOOK_AGAIN_MS = 60_000

/**
 * Category row GUID → eMarketeer's category id. Read once, and again for a GUID that is unknown or had no key of ours.
 */
export class CategoryMap {
  #byRowId: Map<string, string | null> | null = null
  #readAtMs = 0

  constructor(
    private readonly client: DataverseClient,
    private readonly table: TableFacts,
  ) {}

  /** Ensures that each of these GUIDs was looked up. @throws UpstreamError */
  async cover(rowIds: Iterable<string>, context: CallContext): Promise<void> {
    const known = this.#byRowId
    const isOld = Date.now() >= this.#readAtMs + LOOK_AGAIN_MS
    const isDue = (rowId: string) => known?.has(rowId) !== true || (isOld && !known.get(rowId))
    if ([...rowIds].some(isDue)) {
      this.#byRowId = await this.#read(context)
      // Rows refer to it although it is missing or unreadable: they may be of any category.
      for (const id of rowIds) {
        if (!this.#byRowId.has(id)) {
          this.#byRowId.set(id, UNKNOWN_CATEGORY)
        }
      }
    }
  }

  /**
   * eMarketeer's category id; null: someone added the category in Dynamics; {@link UNKNOWN_CATEGORY}: unreadable. Only
   * after {@link cover}.
   */
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
    this.#readAtMs = Date.now()
    const rows = await readCategoryRows(this.client, this.table, context)
    return new Map(rows.map((row) => [row.rowId, row.categoryId]))
  }
}
