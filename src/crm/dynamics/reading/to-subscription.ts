import { type CallContext, readRecords } from '../../../http/index.js'
import type { CrmSubscription } from '../../crm.js'
import { UNKNOWN_CATEGORY, UNKNOWN_CONTACT } from '../../../domain/hidden-ids.js'
import type { TableFacts } from '../facts.js'
import { isGuid } from '../wire/odata.js'
import { isOurRowKey, isRowKeyOf } from '../wire/row-key.js'
import { ETAG, isReadable, type RawRow, SUBSCRIPTION_COLUMNS, subscriptionRow } from './rows.js'
import type { CategoryMap } from './category-map.js'

/** The category row that a subscription row refers to; null for none. */
export function categoryRowIdOf(raw: RawRow): string | null {
  const id = raw['_em_category_value']
  return typeof id === 'string' ? id.toLowerCase() : null
}

/**
 * Converts a row. Its answer is unknown if a property is missing (B8), or if contact or category is null: our rows have
 * both, so null may hide them (D3: null is unknown). It is also unknown if the category is unreadable, or has no key
 * although we created the row: then it is one of ours that lost its key. A row without a readable id makes its contact
 * unknown in every category ({@link unknownRowOf}).
 * @param categoryIdOf eMarketeer's id of a category row, null for a category that someone added in Dynamics,
 * {@link UNKNOWN_CATEGORY} for an unreadable one.
 */
export function toSubscription(
  raw: RawRow,
  { primaryId, setName }: Pick<TableFacts, 'primaryId' | 'setName'>,
  categoryIdOf: (categoryRowId: string) => string | null,
  context?: CallContext,
): CrmSubscription {
  const answer = { ...subscriptionRow, operation: `GET /${setName}` }
  const [row] = readRecords(answer, [{ ...raw, rowId: raw[primaryId] }], context)
  if (row === undefined) {
    const contactValue = raw['_em_contact_value']
    return unknownRowOf(isGuid(contactValue) ? contactValue.toLowerCase() : UNKNOWN_CONTACT)
  }
  const contactId = isGuid(row._em_contact_value) ? row._em_contact_value.toLowerCase() : null
  const categoryRowId = categoryRowIdOf(raw)
  const known = categoryRowId === null ? null : categoryIdOf(categoryRowId)
  const isLost =
    categoryRowId !== null &&
    (known === UNKNOWN_CATEGORY || (known === null && isOurRowKey(row.em_rowkey)))
  const path =
    SUBSCRIPTION_COLUMNS.find((name) => !isReadable(raw, name)) ??
    (isLost ? '_em_category_value' : row[ETAG] === undefined ? ETAG : null)
  if (path !== null) {
    context?.onUnreadable?.({ operation: answer.operation, path, id: row.rowId })
  }
  const isComplete = contactId !== null && categoryRowId !== null && path === null
  const categoryId = isLost || !isReadable(raw, '_em_category_value') ? UNKNOWN_CATEGORY : known
  return {
    rowId: row.rowId,
    contactId: isReadable(raw, '_em_contact_value') ? contactId : UNKNOWN_CONTACT,
    categoryId,
    subscribed: isComplete ? subscribedOf(row.em_subscribed, row.statecode) : null,
    version: row[ETAG] ?? '',
    foreign:
      isComplete &&
      contactId !== null &&
      categoryId !== null &&
      !isRowKeyOf(row.em_rowkey, contactId, categoryId),
  }
}

/**
 * Stands for a contact's row without a readable id: of any category, with any answer. Its own id does not exist in
 * Dynamics, so the row is removed by the next reading of the contact that does not contain it.
 */
export function unknownRowOf(contactId: string): CrmSubscription {
  return {
    rowId: `?${contactId}`,
    contactId,
    categoryId: UNKNOWN_CATEGORY,
    subscribed: null,
    version: '',
    foreign: false,
  }
}

/** Whether the row is one of {@link unknownRowOf}. */
export function isUnknownRow({ rowId }: CrmSubscription): boolean {
  return rowId.startsWith('?')
}

/** A deactivated row proves no Yes, but its No still counts. */
function subscribedOf(
  value: boolean | null | undefined,
  statecode: number | null | undefined,
): boolean | null {
  if (typeof value !== 'boolean') {
    return null
  }
  return (statecode ?? 0) === 0 || value === false ? value : null
}

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
