import type { Row, Table } from '../model/table.js'
import type { Tuple } from './columns.js'

/** How to find a node's rows from its parent's row. */
export type Step =
  | { readonly kind: 'forward'; readonly column: string; readonly inner: boolean }
  | { readonly kind: 'reverse'; readonly column: string }

export interface PlanNode {
  readonly table: Table
  readonly parent: number
  readonly step: Step | undefined
  /** Which rows of the table count. */
  readonly keep: ((row: Row) => boolean) | undefined
}

/** The tables of a query, as a tree; the same path is joined once. */
export class JoinPlan {
  readonly nodes: PlanNode[]
  readonly #byPath = new Map<string, number>()

  constructor(
    readonly root: Table,
    /** The table that a foreign key of the root points to. */
    readonly targetOf: (column: string) => Table | undefined = () => undefined,
  ) {
    this.nodes = [{ table: root, parent: -1, step: undefined, keep: undefined }]
  }

  /** The node behind a step, added at its first use. */
  join(parent: number, step: Step, table: Table, keep?: (row: Row) => boolean): number {
    const path = `${parent}|${step.kind}|${table.definition.name}|${step.column}|${step.kind === 'forward' && step.inner}`
    const known = this.#byPath.get(path)
    if (known !== undefined) {
      return known
    }
    this.#byPath.set(path, this.nodes.length)
    return this.nodes.push({ table, parent, step, keep }) - 1
  }

  /** All combinations of joined rows for one root row, because e-mails and consents multiply. */
  expand(root: Row): Tuple[] {
    let tuples: (Row | undefined)[][] = [[root]]
    for (const node of this.nodes.slice(1)) {
      const next: (Row | undefined)[][] = []
      for (const tuple of tuples) {
        for (const row of joined(node, tuple[node.parent], this.nodes[node.parent]!.table)) {
          next.push([...tuple, row])
        }
      }
      tuples = next
    }
    return tuples
  }

  /** Root rows that lead to these rows of a node, if indexes allow it; else undefined. */
  rootsOf(node: number, rows: readonly Row[]): readonly Row[] | undefined {
    const at = this.nodes[node]
    if (at?.step === undefined) {
      return rows
    }
    const { step } = at
    const above = this.nodes[at.parent]!.table
    if (step.kind === 'forward' && !above.isIndexed(step.column)) {
      return undefined
    }
    const parents = rows.flatMap((row) =>
      step.kind === 'forward'
        ? above.by(step.column, at.table.idOf(row))
        : [above.get(row[step.column])].filter((it) => it !== undefined),
    )
    return this.rootsOf(at.parent, [...new Set(parents)])
  }
}

function joined(node: PlanNode, from: Row | undefined, above: Table): readonly (Row | undefined)[] {
  const { step, table, keep } = node
  if (step?.kind === 'forward') {
    const row = from === undefined ? undefined : table.get(from[step.column])
    return row === undefined && step.inner ? [] : [row]
  }
  if (step === undefined || from === undefined) {
    return [undefined]
  }
  const rows = table.by(step.column, above.idOf(from)).filter((row) => keep?.(row) ?? true)
  return rows.length === 0 ? [undefined] : rows
}
