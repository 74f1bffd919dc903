import type { Context } from '../organisation.js'
import {
  etagOf,
  propertyName,
  type Column,
  type Json,
  type JsonObject,
  type Row,
  type Table,
} from '../store/schema.js'
import { shownValue } from './column-security.js'
import { readValue } from './columns.js'

/** A date as the Web API writes it: UTC, whole seconds. */
function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}

const FORMATTED = '@OData.Community.Display.V1.FormattedValue'

/** A stored value as JSON of the Web API. */
export function outValue(column: Column, value: Json): Json {
  return column.type === 'DateTime' && typeof value === 'number' ? isoSeconds(value) : value
}

/** One row of a Web API answer: etag and the chosen columns, without write-only ones. */
export function writeRow(
  context: Context,
  table: Table,
  row: Row,
  columns: readonly Column[],
  annotations: boolean,
): JsonObject {
  const out: JsonObject = { '@odata.etag': etagOf(row) }
  for (const column of columns) {
    if (column.writeOnly !== true) {
      const value = readValue(table, row, column)
      const property = propertyName(column)
      if (annotations && column.type === 'Lookup' && typeof value === 'string') {
        annotate(context, out, column, property, value)
      }
      if (annotations && column.type === 'State') {
        out[`${property}${FORMATTED}`] = value === 0 ? 'Active' : 'Inactive'
      }
      const shown = shownValue(context, column, outValue(column, value))
      if (shown !== undefined) {
        out[property] = shown
      }
    }
  }
  return out
}

function annotate(
  context: Context,
  out: JsonObject,
  column: Column,
  property: string,
  id: string,
): void {
  const target =
    column.target === undefined ? undefined : context.org.store.tables.get(column.target)
  if (target === undefined) {
    return
  }
  const name = context.org.store.rows(target).get(id)?.values[target.primaryName] ?? null
  out[`${property}${FORMATTED}`] = name
  out[`${property}@Microsoft.Dynamics.CRM.associatednavigationproperty`] = column.navigation ?? null
  out[`${property}@Microsoft.Dynamics.CRM.lookuplogicalname`] = target.logicalName
}
