import type { Row } from '../model/table.js'
import type { ArchiveColumn } from './columns.js'
import { type Condition, conjuncts, type Filter } from './filter.js'
import type { JoinPlan } from './join-plan.js'

/** Root rows that may pass. */
export interface Candidates {
  /** Rows with an equal first order column form a group; otherwise each row is one, by rising id. */
  readonly groups: Iterable<readonly Row[]>
  /** Whether the groups have the requested order, so that reading can stop early. */
  readonly ordered: boolean
}

/** Finds them through an index if the filter allows it, otherwise along the order from the lowest value. */
export function candidates(
  plan: JoinPlan,
  filter: Filter | undefined,
  rising: ArchiveColumn | undefined,
): Candidates {
  const { root } = plan
  const needed = conjuncts(filter).filter((part): part is Condition => part.kind === 'condition')
  const byKey = isStored(rising, root.definition.key)
  const least = leastOf(needed, root.definition.key)
  for (const part of needed) {
    const rows = through(plan, part)
    if (rows !== undefined) {
      rows.sort((a, b) => root.idOf(a) - root.idOf(b))
      return { groups: rows.map((row) => [row]), ordered: byKey }
    }
  }
  const along = byKey ? undefined : foreignGroups(plan, needed, rising)
  return along === undefined
    ? { groups: alone(root.from(least)), ordered: byKey }
    : { groups: along, ordered: true }
}

function isStored(column: ArchiveColumn | undefined, stored: string): boolean {
  return column?.node === 0 && column.stored === stored
}

function leastOf(needed: readonly Condition[], stored: string): number {
  return needed
    .filter(({ column }) => isStored(column, stored))
    .reduce((most, part) => Math.max(most, part.atLeast ?? 0), 0)
}

/** Ordered by a foreign key above 0: the rows of one target after the other. */
function foreignGroups(
  plan: JoinPlan,
  needed: readonly Condition[],
  rising: ArchiveColumn | undefined,
): Iterable<readonly Row[]> | undefined {
  const { root } = plan
  const stored = rising?.node === 0 ? rising.stored : undefined
  const target = stored === undefined ? undefined : plan.targetOf(stored)
  if (stored === undefined || target === undefined || !root.isIndexed(stored)) {
    return undefined
  }
  const least = leastOf(needed, stored)
  return least < 1 ? undefined : rowsOf(target.from(least))

  function* rowsOf(targets: Iterable<Row>): Generator<readonly Row[]> {
    for (const row of targets) {
      yield root.by(stored!, target!.idOf(row))
    }
  }
}

function* alone(rows: Iterable<Row>): Generator<readonly Row[]> {
  for (const row of rows) {
    yield [row]
  }
}

function through(plan: JoinPlan, { column, oneOf }: Condition): Row[] | undefined {
  const table = plan.nodes[column.node]?.table
  if (oneOf === undefined || column.stored === undefined || !table?.isIndexed(column.stored)) {
    return undefined
  }
  const stored = column.stored
  const rows = new Set(oneOf.flatMap((value) => table.by(stored, value)))
  const roots = plan.rootsOf(column.node, [...rows])
  return roots === undefined ? undefined : [...new Set(roots)]
}
