import type { Filter } from '../odata/filter.js'
import type { Row, Table } from '../store/schema.js'
import type { TableRows } from '../store/table-rows.js'

/** Rows that may match a filter, by id or index; undefined if the complete table must be scanned. */
export function candidates(
  table: Table,
  rows: TableRows,
  filter: Filter | undefined,
): readonly Row[] | undefined {
  if (filter === undefined) {
    return undefined
  }
  const parts = filter.kind === 'and' ? filter.parts : [filter]
  let best: readonly Lookup[] | undefined
  let bestSize = rows.size / 2
  for (const part of parts) {
    const lookups = lookupsOf(table, rows, part)
    const size = lookups?.reduce((sum, lookup) => sum + lookup.size, 0) ?? Infinity
    if (lookups !== undefined && size < bestSize) {
      best = lookups
      bestSize = size
    }
  }
  if (best === undefined) {
    return undefined
  }
  const found = new Set<Row>()
  for (const lookup of best) {
    lookup.rows().forEach((row) => found.add(row))
  }
  return [...found].sort((a, b) => a.seq - b.seq)
}

interface Lookup {
  readonly size: number
  readonly rows: () => readonly Row[]
}

function lookupsOf(table: Table, rows: TableRows, filter: Filter): readonly Lookup[] | undefined {
  if (filter.kind === 'in') {
    return values(table, rows, filter.column, filter.values)
  }
  if (filter.kind === 'or') {
    const found = filter.parts.map((part) => lookupsOf(table, rows, part))
    return found.some((lookups) => lookups === undefined)
      ? undefined
      : found.flatMap((lookups) => lookups ?? [])
  }
  if (filter.kind !== 'compare' || filter.operator !== 'eq' || filter.path.length > 1) {
    return undefined
  }
  const column = (filter.path[0] ?? '').replace(/^_(.+)_value$/, '$1')
  const value = filter.value.value
  return typeof value === 'string' ? values(table, rows, column, [value]) : undefined
}

function values(
  table: Table,
  rows: TableRows,
  column: string,
  wanted: readonly string[],
): readonly Lookup[] | undefined {
  if (column === table.primaryId) {
    return wanted.map((id) => {
      const row = rows.get(id.toLowerCase())
      return { size: 1, rows: () => (row === undefined ? [] : [row]) }
    })
  }
  const index = rows.index([column])
  return index === undefined
    ? undefined
    : wanted.map((value) => ({ size: index.size([value]), rows: () => index.find([value]) }))
}
