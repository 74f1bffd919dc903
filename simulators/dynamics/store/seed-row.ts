import type { Organisation } from '../organisation.js'
import type { Json, Row } from './schema.js'

/** A row of the organisation from the start: service columns filled, no events. */
export function seedRow(
  org: Organisation,
  tableName: string,
  id: string,
  values: Readonly<Record<string, Json>>,
): Row {
  const table = org.store.table(tableName)
  const nowMs = org.clock.now()
  const all: Record<string, Json> = { createdon: nowMs, modifiedon: nowMs }
  for (const column of table.columns.values()) {
    if (column.defaultValue !== undefined) {
      all[column.logicalName] = column.defaultValue
    }
  }
  return org.store.insert(table, id, Object.assign(all, values))
}
