import type { CallContext } from '../../../http/index.js'
import type { CrmWrite } from '../../crm.js'
import type { DynamicsFacts, SubscriptionTables } from '../facts.js'
import type { CategoryMap } from '../reading/category-map.js'
import { byKey, isGuid } from '../wire/odata.js'
import { rowKey } from '../wire/row-key.js'
import { shorten } from '../wire/shorten.js'

/** The write that makes a subscription row. */
export type CreateWrite = Extract<CrmWrite, { kind: 'createSubscription' }>

/** Longest `em_name` of a row. */
const MAX_NAME_CHARACTERS = 100

/** A row as both ways of creating it send it. */
export interface RowToCreate {
  /** `em_subscriptionses(em_rowkey='…')`. */
  readonly keyPath: string
  /** Without the key column: on a create the service fails when it is repeated. */
  readonly body: Readonly<Record<string, string | boolean>>
}

/**
 * Prepares a row; lookups are bound by the navigation names that the service answered at set-up.
 *
 * @returns null where it cannot be made: no such category in Dynamics yet, the contact's id is no GUID, or the
 * relationships are not there.
 * @throws UpstreamError when the categories must be read.
 */
export async function rowToCreate(
  write: CreateWrite,
  tables: SubscriptionTables,
  facts: DynamicsFacts,
  categories: CategoryMap,
  context: CallContext,
): Promise<RowToCreate | null> {
  const { contactId, categoryId, categoryName, subscribed } = write
  const { navigation } = facts
  if (navigation === undefined || !isGuid(contactId)) {
    return null
  }
  const categoryRowId = await categories.rowIdOf(categoryId, context)
  if (categoryRowId === null) {
    return null
  }
  return {
    keyPath: byKey(tables.subscriptions.setName, 'em_rowkey', rowKey(contactId, categoryId)),
    body: {
      em_name: shorten(categoryName, MAX_NAME_CHARACTERS),
      em_subscribed: subscribed,
      [`${navigation.contact}@odata.bind`]: `/contacts(${contactId})`,
      [`${navigation.category}@odata.bind`]: `/${tables.categories.setName}(${categoryRowId})`,
    },
  }
}
