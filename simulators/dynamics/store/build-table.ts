import { randomUUID } from 'node:crypto'
import type { Column, ColumnType, Json, Table } from './schema.js'

/** Properties of a stock column; the others follow from its name and type. */
export type ColumnSpec = Omit<Partial<Column>, 'logicalName' | 'type'> & {
  readonly type: ColumnType
}

/** A stock or system table in short form. */
export interface TableSpec {
  readonly name: string
  readonly schemaName: string
  readonly entitySet: string
  readonly primaryId?: string
  readonly primaryName: string
  readonly objectTypeCode: number
  readonly label: string
  readonly pluralLabel?: string
  readonly changeTracking?: boolean
  readonly auditEnabled?: boolean
  readonly columns: Readonly<Record<string, ColumnSpec>>
}

/** A label in one language, in the shape of the Web API (wire page, section 9.2). */
function label(text: string, languageCode: number): { [key: string]: Json } {
  const one = {
    '@odata.type': '#Microsoft.Dynamics.CRM.LocalizedLabel',
    Label: text,
    LanguageCode: languageCode,
    IsManaged: false,
    HasChanged: null,
    MetadataId: randomUUID(),
  }
  return {
    '@odata.type': '#Microsoft.Dynamics.CRM.Label',
    LocalizedLabels: [one],
    UserLocalizedLabel: one,
  }
}

/** A full column from its short form; `columnNumber` is its place in the table. */
export function makeColumn(logicalName: string, spec: ColumnSpec, columnNumber: number): Column {
  return {
    schemaName: logicalName,
    metadataId: randomUUID(),
    custom: false,
    visibleFromMs: 0,
    auditEnabled: true,
    definition: {},
    ...(spec.type === 'Lookup' ? { navigation: logicalName } : {}),
    ...(spec.type === 'Boolean' ? { options: [0, 1] } : {}),
    ...spec,
    logicalName,
    columnNumber,
  }
}

/** The columns that the service gives every table. */
export function serviceColumns(
  primaryId: string,
  organizationLabels = true,
): Readonly<Record<string, ColumnSpec>> {
  const filled = { readOnly: true, auditEnabled: false } as const
  return {
    [primaryId]: { type: 'Uniqueidentifier', auditEnabled: false },
    createdon: { type: 'DateTime', ...filled },
    modifiedon: { type: 'DateTime', ...filled },
    createdby: { type: 'Lookup', target: 'systemuser', ...filled },
    modifiedby: { type: 'Lookup', target: 'systemuser', ...filled },
    versionnumber: { type: 'BigInt', ...filled },
    ...(organizationLabels
      ? {
          statecode: { type: 'State', options: [0, 1], defaultValue: 0 },
          statuscode: { type: 'Status', options: [1, 2], defaultValue: 1 },
        }
      : {}),
  }
}

/** A stock or system table, empty. */
export function buildTable(spec: TableSpec, languageCode: number): Table {
  const primaryId = spec.primaryId ?? `${spec.name}id`
  const all = { ...serviceColumns(primaryId), ...spec.columns }
  const columns = new Map<string, Column>()
  for (const [name, column] of Object.entries(all)) {
    columns.set(name, makeColumn(name, column, columns.size + 1))
  }
  return {
    logicalName: spec.name,
    schemaName: spec.schemaName,
    entitySet: spec.entitySet,
    primaryId,
    primaryName: spec.primaryName,
    metadataId: randomUUID(),
    objectTypeCode: spec.objectTypeCode,
    custom: false,
    visibleFromMs: 0,
    columns,
    keys: new Map(),
    changeTracking: spec.changeTracking ?? false,
    changeTrackingLive: spec.changeTracking ?? false,
    auditEnabled: spec.auditEnabled ?? false,
    definition: {
      DisplayName: label(spec.label, languageCode),
      DisplayCollectionName: label(spec.pluralLabel ?? `${spec.label}s`, languageCode),
      Description: label(spec.label, languageCode),
      OwnershipType: 'UserOwned',
      IsActivity: false,
      HasActivities: true,
      HasNotes: true,
    },
  }
}
