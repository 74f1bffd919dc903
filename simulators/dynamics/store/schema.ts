/** JSON as sent and received. Rows store dates as numbers of ms. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export type JsonObject = { [key: string]: Json }

/** Column types, named as in `AttributeType`. */
export type ColumnType =
  | 'String'
  | 'Memo'
  | 'Boolean'
  | 'Integer'
  | 'BigInt'
  | 'Decimal'
  | 'Picklist'
  | 'State'
  | 'Status'
  | 'DateTime'
  | 'Lookup'
  | 'Uniqueidentifier'
  | 'EntityName'
  | 'ManagedProperty'

export interface Column {
  readonly logicalName: string
  readonly schemaName: string
  readonly type: ColumnType
  readonly metadataId: string
  readonly columnNumber: number
  readonly custom: boolean
  readonly maxLength?: number
  readonly defaultValue?: Json
  readonly options?: readonly number[]
  /** Logical name of the table a lookup points at; absent = any table. */
  readonly target?: string
  /** Case-sensitive navigation property of a lookup. */
  readonly navigation?: string
  /** Ignored in bodies: the service fills it. */
  readonly readOnly?: boolean
  /** Never answered (`authvalue`). */
  readonly writeOnly?: boolean
  /** Changes go to the draft layer until the table is published. */
  readonly drafted?: boolean
  /** The data API shows it from this time on (metadata cache). */
  readonly visibleFromMs: number
  auditEnabled: boolean
  /** Column-level security: the application user's permissions; absent: not secured. */
  security?: ColumnSecurity
  /** The posted definition, as answered: labels, option set, required level. */
  definition: JsonObject
}

/** Permissions on a secured column by the application user's profile. */
export interface ColumnSecurity {
  readonly read: boolean
  readonly update: boolean
  readonly create: boolean
  /** Display of an unreadable value: the property is left out, or is null. */
  readonly hiddenAs: 'absent' | 'null'
  /** A masking rule: the text shown instead of any other; null: none. */
  readonly mask: string | null
}

type KeyStatus = 'Pending' | 'InProgress' | 'Active' | 'Failed'

/** An alternate key; `reads` counts reads of its status since the index was begun. */
export interface AlternateKey {
  readonly logicalName: string
  readonly schemaName: string
  readonly metadataId: string
  readonly columns: readonly string[]
  readonly definition: JsonObject
  status: KeyStatus
  reads: number
  startedAtMs: number
}

/** A one-to-many relationship; it also makes the lookup column. */
export interface Relationship {
  readonly schemaName: string
  readonly metadataId: string
  readonly referenced: string
  readonly referencing: string
  readonly referencingColumn: string
  readonly referencedNavigation: string
  readonly referencingNavigation: string
  cascadeDelete: 'Cascade' | 'RemoveLink' | 'Restrict'
  cascadeMerge: 'Cascade' | 'NoCascade'
  definition: JsonObject
}

/** A table: its names, columns and keys. Rows live in `TableRows`. */
export interface Table {
  readonly logicalName: string
  readonly schemaName: string
  readonly entitySet: string
  readonly primaryId: string
  readonly primaryName: string
  readonly metadataId: string
  readonly objectTypeCode: number
  readonly custom: boolean
  readonly visibleFromMs: number
  readonly columns: Map<string, Column>
  readonly keys: Map<string, AlternateKey>
  changeTracking: boolean
  /** Whether change tracking is published: if it is switched on later, it takes effect only then. */
  changeTrackingLive: boolean
  auditEnabled: boolean
  definition: JsonObject
}

/** One stored row. `seq` is its position in creation order, `version` the organisation-wide row version. */
export interface Row {
  readonly id: string
  readonly seq: number
  version: number
  deleted: boolean
  values: Record<string, Json>
  /** Unpublished values of drafted columns. */
  draft?: Record<string, Json>
}

/** The etag of a row, in headers and in `@odata.etag`. */
export function etagOf(row: Row): string {
  return `W/"${row.version}"`
}

/** Whether a lookup property name (`_x_value`) names this lookup, or the plain name any other column. */
export function propertyName(column: Column): string {
  return column.type === 'Lookup' ? `_${column.logicalName}_value` : column.logicalName
}
