import type { Row } from '../model/table.js'
import { type Condition, conjuncts, type Filter } from './filter.js'
import type { JoinPlan } from './join-plan.js'

/** Root rows that may pass, by rising id: through an index where the filter allows it, else from the least id on. */
export function candidates(plan: JoinPlan, filter: Filter | undefined): Iterable<Row> {
  const needed = conjuncts(filter).filter((part): part is Condition => part.kind === 'condition')
  const key = plan.root.definition.key
  const least = needed
    .filter(({ column }) => column.node === 0 && column.stored === key)
    .reduce((most, part) => Math.max(most, part.atLeast ?? 0), 0)
  for (const part of needed) {
    const rows = through(plan, part)
    if (rows !== undefined) {
      return rows
        .filter((row) => plan.root.idOf(row) >= least)
        .sort((a, b) => plan.root.idOf(a) - plan.root.idOf(b))
    }
  }
  return plan.root.from(least)
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
