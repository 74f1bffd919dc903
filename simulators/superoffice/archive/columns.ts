import type { Cell, ColumnType, Row } from '../model/table.js'

/** The rows joined into one output row, by node of the join plan; undefined if an outer join found none. */
export type Tuple = readonly (Row | undefined)[]

/** `bool` and `list` exist only in the named archives, not in `dynamic`; `associate` depends on a switch. */
export type ArchiveType = ColumnType | 'bool' | 'list' | 'associate'

/** A column of an archive, bound to a query's join plan. */
export interface ArchiveColumn {
  /** The name in the query. */
  readonly name: string
  readonly type: ArchiveType
  readonly node: number
  /** Column of that node's table, if it contains the value; allows an index. */
  readonly stored?: string
  /** The raw value; undefined = null. */
  readonly value: (tuple: Tuple) => Cell | undefined
  /** Text of a list value. */
  readonly display?: (value: Cell) => string
}
