import type { Cell } from '../model/table.js'
import type { ArchiveColumn, Tuple } from './columns.js'

/** One comparison, bound to its column. */
export interface Condition {
  readonly kind: 'condition'
  readonly column: ArchiveColumn
  /** False for null, as in SQL. */
  readonly holds: (value: Cell) => boolean
  /** The only values that can satisfy it. */
  readonly oneOf?: readonly Cell[]
  /** The least integer that can satisfy it. */
  readonly atLeast?: number
}

/** A filter: comparisons under `and` and `or`. */
export type Filter = Condition | { readonly kind: 'and' | 'or'; readonly parts: readonly Filter[] }

/** Whether an output row passes. */
export function passes(filter: Filter, tuple: Tuple): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.parts.every((part) => passes(part, tuple))
    case 'or':
      return filter.parts.some((part) => passes(part, tuple))
    case 'condition': {
      const value = filter.column.value(tuple)
      return value !== undefined && filter.holds(value)
    }
  }
}

/** The parts that must all hold. */
export function conjuncts(filter: Filter | undefined): readonly Filter[] {
  if (filter === undefined) {
    return []
  }
  return filter.kind === 'and' ? filter.parts.flatMap((part) => conjuncts(part)) : [filter]
}

export function columnsOf(filter: Filter | undefined): readonly ArchiveColumn[] {
  if (filter === undefined) {
    return []
  }
  return filter.kind === 'condition'
    ? [filter.column]
    : filter.parts.flatMap((part) => columnsOf(part))
}
