import type { Cell, Row } from '../model/table.js'
import type { ArchiveColumn, Tuple } from './columns.js'
import { candidates } from './candidates.js'
import { columnsOf, conjuncts, type Filter, passes } from './filter.js'
import type { ArchiveSource } from './source.js'

export interface BoundQuery {
  readonly source: ArchiveSource
  readonly filter: Filter | undefined
  readonly orderBy: readonly { readonly column: ArchiveColumn; readonly descending: boolean }[]
  readonly entities: readonly string[] | undefined
  readonly skip: number
  readonly top: number
}

/** One page of joined rows, and whether more would follow. */
export interface Page {
  readonly tuples: readonly Tuple[]
  readonly more: boolean
}

/**
 * Runs a query. `$top` and `$skip` count multiplied rows, so that a page may end within the rows of one root row.
 * Without an order, rows are returned by falling ids, so that no client relies on one.
 */
export function runQuery(query: BoundQuery): Page {
  const { source, orderBy } = query
  const [first, ...rest] = orderBy
  const wanted = query.skip + query.top
  const parts = conjuncts(query.filter)
  const early = parts.filter((part) => columnsOf(part).every((it) => it.node === 0))
  const filtered = new Set(columnsOf(query.filter).map((column) => column.name))
  const rising = first === undefined || first.descending ? undefined : first.column
  const { groups, ordered } = candidates(source.plan, query.filter, rising)
  const found: Tuple[] = []
  for (const group of groups) {
    const tuples = group.flatMap((root) =>
      shown(query, root, early) ? matching(query, root, filtered) : [],
    )
    found.push(...(ordered && rest.length > 0 ? tuples.sort(comparing(rest)) : tuples))
    if (ordered && found.length > wanted) {
      break
    }
  }
  if (first === undefined) {
    found.reverse()
  } else if (!ordered) {
    found.sort(comparing(orderBy))
  }
  return { tuples: found.slice(query.skip, wanted), more: found.length > wanted }
}

/** Checked before joining, because it excludes most rows of a large table. */
function shown({ source, entities }: BoundQuery, root: Row, early: readonly Filter[]): boolean {
  return (
    early.every((part) => passes(part, [root])) &&
    source.visible(root) &&
    entities?.includes(source.entityOf(root)) !== false
  )
}

function matching(query: BoundQuery, root: Row, filtered: ReadonlySet<string>): Tuple[] {
  const { source, filter } = query
  return source.plan
    .expand(root)
    .filter(
      (tuple) => (filter === undefined || passes(filter, tuple)) && source.accepts(tuple, filtered),
    )
}

function comparing(orderBy: BoundQuery['orderBy']) {
  return (a: Tuple, b: Tuple): number => {
    for (const { column, descending } of orderBy) {
      const order = compare(column.value(a), column.value(b))
      if (order !== 0) {
        return descending ? -order : order
      }
    }
    return 0
  }
}

/** Nulls first, as in SQL Server. */
function compare(a: Cell | undefined, b: Cell | undefined): number {
  if (a === undefined || b === undefined) {
    return Number(a !== undefined) - Number(b !== undefined)
  }
  return typeof a === 'number' && typeof b === 'number'
    ? a - b
    : String(a).localeCompare(String(b), 'en', { sensitivity: 'accent' })
}
