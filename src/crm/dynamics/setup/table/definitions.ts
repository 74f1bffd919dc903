import {
  CATEGORIES_TABLE,
  CATEGORY_RELATIONSHIP,
  CONTACT_RELATIONSHIP,
  SUBSCRIPTIONS_TABLE,
} from '../../names.js'

/** The two tables as data (rule D1; docs/wire-dataverse.md, 0 and 16). */

/** A plain column. */
export type ColumnDefinition =
  | {
      readonly type: 'boolean'
      readonly schemaName: string
      readonly label: string
      readonly defaultValue: boolean
    }
  | {
      readonly type: 'text'
      readonly schemaName: string
      readonly label: string
      readonly maxLength: number
    }

/** A table, its plain columns and its alternate key. */
export interface TableDefinition {
  readonly logicalName: string
  readonly schemaName: string
  readonly label: string
  readonly pluralLabel: string
  readonly description: string
  readonly nameMaxLength: number
  readonly columns: readonly ColumnDefinition[]
  readonly key: { readonly schemaName: string; readonly column: string; readonly label: string }
  /** Where its facts are stored. */
  readonly factsKey: 'subscriptionsTable' | 'categoriesTable'
}

/** Categories come first, because the other table has a lookup to them. */
export const TABLES: readonly TableDefinition[] = [
  {
    logicalName: CATEGORIES_TABLE,
    schemaName: 'em_SubscriptionCategories',
    label: 'Subscription category',
    pluralLabel: 'Subscription categories',
    description: 'Subscription categories of eMarketeer. Added in eMarketeer only.',
    nameMaxLength: 100,
    columns: [
      { type: 'text', schemaName: 'em_CategoryId', label: 'Category id', maxLength: 100 },
      { type: 'boolean', schemaName: 'em_Archived', label: 'Archived', defaultValue: false },
    ],
    key: { schemaName: 'em_CategoryIdKey', column: 'em_categoryid', label: 'Category id' },
    factsKey: 'categoriesTable',
  },
  {
    logicalName: SUBSCRIPTIONS_TABLE,
    schemaName: 'em_Subscriptions',
    label: 'Subscription',
    pluralLabel: 'Subscriptions',
    description: 'Subscriptions of contacts, kept in step with eMarketeer.',
    nameMaxLength: 200,
    columns: [
      { type: 'boolean', schemaName: 'em_Subscribed', label: 'Subscribed', defaultValue: true },
      { type: 'text', schemaName: 'em_RowKey', label: 'Row key', maxLength: 150 },
    ],
    key: { schemaName: 'em_RowKeyKey', column: 'em_rowkey', label: 'Row key' },
    factsKey: 'subscriptionsTable',
  },
]

/** A lookup column, created with its relationship. */
export interface RelationshipDefinition {
  readonly schemaName: string
  readonly referenced: string
  readonly referencedKey: string
  readonly lookupSchemaName: string
  readonly label: string
  /** Contacts can be merged, and for them only Cascade is allowed. */
  readonly merge: 'Cascade' | 'NoCascade'
  /** Deleting a contact deletes its rows. A category in use is not deleted but archived. */
  readonly onDelete: 'Cascade' | 'Restrict'
  /** Key in the facts. */
  readonly navigationKey: 'contact' | 'category'
}

/** The two lookups of the subscription table. */
export const RELATIONSHIPS: readonly RelationshipDefinition[] = [
  {
    schemaName: CONTACT_RELATIONSHIP,
    referenced: 'contact',
    referencedKey: 'contactid',
    lookupSchemaName: 'em_Contact',
    label: 'Contact',
    merge: 'Cascade',
    onDelete: 'Cascade',
    navigationKey: 'contact',
  },
  {
    schemaName: CATEGORY_RELATIONSHIP,
    referenced: CATEGORIES_TABLE,
    referencedKey: 'em_subscriptioncategoriesid',
    lookupSchemaName: 'em_Category',
    label: 'Category',
    merge: 'NoCascade',
    onDelete: 'Restrict',
    navigationKey: 'category',
  },
]

/** The lookups' columns, by logical name. */
export const LOOKUPS: readonly string[] = RELATIONSHIPS.map(({ lookupSchemaName }) =>
  lookupSchemaName.toLowerCase(),
)
