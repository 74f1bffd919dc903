import type { Organisation } from '../organisation.js'
import type { Column, Json, JsonObject, Relationship, Table } from '../store/schema.js'
import { byText } from './sorted.js'

/** Custom tables, and stock tables that have custom columns or change tracking, with their custom columns only. */
export function describeTables(org: Organisation): JsonObject[] {
  const shown = [...org.store.tables.values()].filter(
    (table) => table.custom || table.logicalName === 'contact',
  )
  return byText(shown, (table) => table.logicalName).map((table) => ({
    name: table.logicalName,
    schemaName: table.schemaName,
    entitySet: table.entitySet,
    nameColumn: table.primaryName,
    label: labelOf(table.definition['DisplayName']),
    changeTracking: table.changeTracking,
    columns: byText([...table.columns.values()], (column) => column.logicalName)
      .filter((column) => column.custom)
      .map(describeColumn),
    keys: byText([...table.keys.values()], (key) => key.logicalName).map((key) => ({
      name: key.logicalName,
      columns: [...key.columns],
      status: key.status,
    })),
    rows: table.custom ? rowsOf(org, table) : null,
  }))
}

export function describeRelationships(org: Organisation): JsonObject[] {
  const custom = [...org.store.relationships.values()].filter(
    (one: Relationship) => one.definition['SchemaName'] !== undefined,
  )
  return byText(custom, (one) => one.schemaName).map((one) => ({
    name: one.schemaName,
    referenced: one.referenced,
    referencing: one.referencing,
    column: one.referencingColumn,
    navigation: one.referencingNavigation,
    onDelete: one.cascadeDelete,
    onMerge: one.cascadeMerge,
  }))
}

function describeColumn(column: Column): JsonObject {
  return {
    name: column.logicalName,
    schemaName: column.schemaName,
    type: column.type,
    maxLength: column.maxLength ?? null,
    default: column.defaultValue ?? null,
    target: column.target ?? null,
    label: labelOf(column.definition['DisplayName']),
  }
}

/** Categories row by row, as set-up writes them; of other tables the number of rows. */
function rowsOf(org: Organisation, table: Table): Json {
  const rows = [...org.store.rows(table).all()]
  if (!table.columns.has('em_categoryid')) {
    return rows.length
  }
  const names = [...table.columns.values()].filter((one) => one.custom).map((c) => c.logicalName)
  const plain = rows.map((row): JsonObject =>
    Object.fromEntries(
      [...names, 'statecode'].sort().map((name) => [name, row.values[name] ?? null]),
    ),
  )
  return byText(plain, (row) => JSON.stringify(row))
}

/** `1033: Subscriptions`, one per language. */
function labelOf(label: Json | undefined): string[] {
  const given = (label as { LocalizedLabels?: unknown } | null | undefined)?.LocalizedLabels
  const all = Array.isArray(given) ? (given as JsonObject[]) : []
  return all.map((one) => `${String(one['LanguageCode'])}: ${String(one['Label'])}`).sort()
}
