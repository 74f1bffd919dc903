import { type CallContext, readRecords } from '../../../http/index.js'
import { type CrmSubscription, UNTOLD_CATEGORY, UNTOLD_CONTACT } from '../../crm.js'
import { isGuid } from '../wire/odata.js'
import { isRowKeyOf } from '../wire/row-key.js'
import { ETAG, isTold, type RawRow, SUBSCRIPTION_COLUMNS, subscriptionRow } from './rows.js'

/** The category row that a subscription row refers to, for the category map; null for none. */
export function categoryRowIdOf(raw: RawRow): string | null {
  const id = raw['_em_category_value']
  return typeof id === 'string' ? id.toLowerCase() : null
}

/**
 * A subscription as the rest of the system knows it. The answer of a row that lacks a property is unknown (B8), and so is
 * that of one whose contact or category is null: our rows have both, so null may hide them (D3: null is unknown).
 *
 * @param categoryIdOf eMarketeer's id of a category row, null for a category that someone added in Dynamics.
 * @returns null for a row without an id.
 */
export function toSubscription(
  raw: RawRow,
  primaryId: string,
  categoryIdOf: (categoryRowId: string) => string | null,
  context?: CallContext,
): CrmSubscription | null {
  const [row] = readRecords(subscriptionRow, [{ ...raw, rowId: raw[primaryId] }], context)
  if (row === undefined) {
    return null
  }
  const contactId = isGuid(row._em_contact_value) ? row._em_contact_value.toLowerCase() : null
  const categoryRowId = categoryRowIdOf(raw)
  const path =
    SUBSCRIPTION_COLUMNS.find((name) => !isTold(raw, name)) ??
    (row[ETAG] === undefined ? ETAG : null)
  if (path !== null) {
    context?.onUnreadable?.({ operation: subscriptionRow.operation, path, id: row.rowId })
  }
  const told = contactId !== null && categoryRowId !== null && path === null
  const categoryId = categoryRowId === null ? null : categoryIdOf(categoryRowId)
  return {
    rowId: row.rowId,
    contactId: isTold(raw, '_em_contact_value') ? contactId : UNTOLD_CONTACT,
    categoryId: isTold(raw, '_em_category_value') ? categoryId : UNTOLD_CATEGORY,
    subscribed: told ? subscribedOf(row.em_subscribed, row.statecode) : null,
    version: row[ETAG] ?? '',
    foreign:
      told &&
      contactId !== null &&
      categoryId !== null &&
      !isRowKeyOf(row.em_rowkey, contactId, categoryId),
  }
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
