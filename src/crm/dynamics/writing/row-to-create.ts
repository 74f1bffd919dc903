import type { CrmWrite } from '../../crm.js'
import type { DynamicsFacts, SubscriptionTables } from '../facts.js'
import { byKey, isGuid, shorten } from '../wire/odata.js'
import { rowKey } from '../wire/row-key.js'

/** A write that creates a subscription row. */
export type CreateWrite = Extract<CrmWrite, { kind: 'createSubscription' }>

/** Longest `em_name` of a row. */
const MAX_NAME_CHARACTERS = 100

/** A row as both ways to create it send it. */
export interface RowToCreate {
  /** `em_rowkey`. */
  readonly key: string
  /** `em_subscriptionses(em_rowkey='…')`. */
  readonly keyPath: string
  /** Without the key column: a create at {@link keyPath} that repeats it fails. */
  readonly body: Readonly<Record<string, string | boolean>>
}

/**
 * Prepares a row; lookups are bound by the navigation names that set-up learned.
 * @param categoryRowId the category's row in Dynamics; null: there is none yet.
 * @returns null if it cannot be created: there is no such category, the contact's id is not a GUID, or the
 * relationships are missing.
 */
export function rowToCreate(
  write: CreateWrite,
  tables: SubscriptionTables,
  navigation: DynamicsFacts['navigation'],
  categoryRowId: string | null,
): RowToCreate | null {
  const { contactId, categoryId, categoryName, subscribed } = write
  if (navigation === undefined || categoryRowId === null || !isGuid(contactId)) {
    return null
  }
  const key = rowKey(contactId, categoryId)
  return {
    key,
    keyPath: byKey(tables.subscriptions.setName, 'em_rowkey', key),
    body: {
      em_name: shorten(categoryName, MAX_NAME_CHARACTERS),
      em_subscribed: subscribed,
      [`${navigation.contact}@odata.bind`]: `/contacts(${contactId})`,
      [`${navigation.category}@odata.bind`]: `/${tables.categories.setName}(${categoryRowId})`,
    },
  }
}
