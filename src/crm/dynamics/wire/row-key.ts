import { isStorableId } from '../../../domain/storable-text.js'
import { isGuid } from './odata.js'

/**
 * Alternate keys of the subscription tables (docs/wire-dataverse.md, 16.5). A key value with one of `/ < > * % & : \ ?
 * +` cannot be addressed, and keys compare without case. So an id with other than the plain characters becomes `u_` and
 * the hex of its UTF-8.
 */
const PLAIN = /^(?!u_)[A-Za-z0-9_-]{1,60}$/

/** An eMarketeer category id as written to `em_categoryid`. */
export function categoryKey(categoryId: string): string {
  return PLAIN.test(categoryId) ? categoryId : `u_${Buffer.from(categoryId).toString('hex')}`
}

/** The category id of a key; null for an empty key, or one that we cannot have written. */
export function categoryIdOfKey(key: string | null | undefined): string | null {
  if (!key) {
    return null
  }
  const id = /^u_([0-9a-f]{2})+$/.test(key) ? Buffer.from(key.slice(2), 'hex').toString() : key
  return isStorableId(id) ? id : null
}

/** `em_rowkey`: at most one row per contact and category. */
export function rowKey(contactId: string, categoryId: string): string {
  return `${contactId.toLowerCase()}_${categoryKey(categoryId)}`
}

/** Whether we wrote a stored key, of any contact and category. */
export function isOurRowKey(key: string | null | undefined): boolean {
  return isGuid(key?.slice(0, GUID_LENGTH)) && key?.charAt(GUID_LENGTH) === '_'
}

const GUID_LENGTH = 36

/** Whether a stored key is that of this contact and category; keys compare without case. */
export function isRowKeyOf(
  key: string | null | undefined,
  contactId: string,
  categoryId: string,
): boolean {
  return key?.toLowerCase() === rowKey(contactId, categoryId).toLowerCase()
}
