import { type CrmSubscription, UNTOLD_CATEGORY, UNTOLD_CONTACT } from '../../crm.js'
import { isStorableId } from '../../../domain/storable-text.js'
import { isGuid } from '../wire/odata.js'
import { isRowKeyOf } from '../wire/row-key.js'
import { ETAG, type RawRow, SUBSCRIPTION_COLUMNS, subscriptionRow } from './rows.js'

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
): CrmSubscription | null {
  const rowId = raw[primaryId]
  const parsed = subscriptionRow.safeParse(raw)
  if (typeof rowId !== 'string' || !isStorableId(rowId) || !parsed.success) {
    return null
  }
  const row = parsed.data
  const contactId = isGuid(row._em_contact_value) ? row._em_contact_value.toLowerCase() : null
  const categoryRowId = categoryRowIdOf(raw)
  const told =
    contactId !== null &&
    categoryRowId !== null &&
    SUBSCRIPTION_COLUMNS.every((name) => name in raw)
  const categoryId = categoryRowId === null ? null : categoryIdOf(categoryRowId)
  return {
    rowId: rowId.toLowerCase(),
    contactId: '_em_contact_value' in raw ? contactId : UNTOLD_CONTACT,
    categoryId: '_em_category_value' in raw ? categoryId : UNTOLD_CATEGORY,
    subscribed: told ? subscribedOf(row.em_subscribed, row.statecode, row[ETAG]) : null,
    version: row[ETAG] ?? '',
    foreign:
      told &&
      contactId !== null &&
      categoryId !== null &&
      !isRowKeyOf(row.em_rowkey, contactId, categoryId),
  }
}

/** A deactivated row proves no Yes, but its No still counts; without a version nothing may be written, so unknown. */
function subscribedOf(
  value: boolean | null | undefined,
  statecode: number | null | undefined,
  etag: string | undefined,
): boolean | null {
  if (etag === undefined || typeof value !== 'boolean') {
    return null
  }
  return (statecode ?? 0) === 0 || value === false ? value : null
}
