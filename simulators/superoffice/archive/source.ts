import type { Row } from '../model/table.js'
import type { ArchiveColumn, Tuple } from './columns.js'
import type { JoinPlan } from './join-plan.js'

/** An archive opened for one query. */
export interface ArchiveSource {
  readonly plan: JoinPlan
  /** Binds a column, joining what it needs; undefined = no such column. */
  column(name: string): ArchiveColumn | undefined
  readonly entities: readonly string[]
  entityOf(root: Row): string
  visible(root: Row): boolean
  /** Final check of an output row, once the filter's columns are known. */
  accepts(tuple: Tuple, filtered: ReadonlySet<string>): boolean
}
