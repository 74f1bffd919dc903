import type { Filter } from '../odata/filter.js'
import type { Row, Table } from '../store/schema.js'
import type { TableRows } from '../store/table-rows.js'

/** Rows that can match a filter, found by id or index; undefined when the whole table must be looked at. */
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
  const alternatives = filter.kind === 'or' ? filter.parts : [filter]
  const lookups: Lookup[] = []
  for (const part of alternatives) {
    if (part.kind !== 'compare' || part.operator !== 'eq' || part.path.length > 1) {
      return undefined
    }
    const column = (part.path[0] ?? '').replace(/^_(.+)_value$/, '$1')
    const value = part.value.value
    const found = typeof value === 'string' ? values(table, rows, column, [value]) : undefined
    if (found === undefined) {
      return undefined
    }
    lookups.push(...found)
  }
  return lookups
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
