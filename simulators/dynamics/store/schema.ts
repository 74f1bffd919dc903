/** JSON as sent and received; dates are kept as ms numbers in rows. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** A JSON object. */
export type JsonObject = { [key: string]: Json }

/** The column types of the tables here, named as `AttributeType` names them. */
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

/** One column of a table. */
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
  /** Seen by the data API from this time on (metadata cache). */
  readonly visibleFromMs: number
  auditEnabled: boolean
  /** Column-level security: what the application user may do; absent: the column is not secured. */
  security?: ColumnSecurity
  /** The posted definition, answered back: labels, option set, required level. */
  definition: JsonObject
}

/** What a column security profile of the application user gives it on a secured column. */
export interface ColumnSecurity {
  readonly read: boolean
  readonly update: boolean
  readonly create: boolean
  /** How an unreadable value shows: the property is left out, or is null. */
  readonly hiddenAs: 'absent' | 'null'
  /** A masking rule: what is shown in place of any text; null: none. */
  readonly mask: string | null
}

/** How far the index of an alternate key is. */
type KeyStatus = 'Pending' | 'InProgress' | 'Active' | 'Failed'

/** An alternate key; `reads` counts how often its status was asked for since the index was begun. */
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

/** A one-to-many relationship, which is also what makes a lookup column. */
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
  /** Whether that is published too: switched on later, it takes effect only then. */
  changeTrackingLive: boolean
  auditEnabled: boolean
  definition: JsonObject
}

/** One stored row. `seq` is the place in creation order, `version` the organisation-wide row version. */
export interface Row {
  readonly id: string
  readonly seq: number
  version: number
  deleted: boolean
  values: Record<string, Json>
  /** Unpublished values of drafted columns. */
  draft?: Record<string, Json>
}

/** The etag of a row as it stands in headers and in `@odata.etag`. */
export function etagOf(row: Row): string {
  return `W/"${row.version}"`
}

/** Whether a lookup property name (`_x_value`) names this lookup, or the plain name any other column. */
export function propertyName(column: Column): string {
  return column.type === 'Lookup' ? `_${column.logicalName}_value` : column.logicalName
}
