import type { LegalBasis } from '../../domain/legal-basis.js'
import { newlyMappedIn, type PlannedCell } from '../../domain/reconcile/index.js'
import type { DecidedCell } from './decide-cells.js'
import { RICH_RULE } from './rule.js'

/** As the rule judges what a cell loosens. */
export function plannedCell(cell: DecidedCell): PlannedCell {
  return {
    ...cell,
    values: cell.rule === RICH_RULE ? 'rich' : 'toggle',
    emarketeerBasis: cell.row.basis,
  }
}

/**
 * The part of a waiting cell that tightens, which waits for nothing (I9): a deny carried onto a younger twin, while the
 * oldest is loosened. null where there is none. Where a deny is carried nothing is provably later, so that what is
 * observed now takes no proof away from the part that waits.
 */
export function tighteningPart(cell: DecidedCell): DecidedCell | null {
  const { decision, observation, memory, rule, row, plan } = cell
  if (plan.writes.every((write) => write.loosens)) {
    return null
  }
  const loosened = new Set(
    plan.writes.flatMap((write) => (write.side === 'crm' && write.loosens ? [write.recordId] : [])),
  )
  const values = new Map(observation.records.map((record) => [record.recordId, record.value]))
  const part = {
    ...decision,
    // What waits is taken up when it is applied.
    unmapped: [...decision.unmapped, ...newlyMappedIn(cell)],
    emarketeerTarget: plan.writes.some((w) => w.side === 'emarketeer' && w.loosens)
      ? (row.basis as LegalBasis)
      : decision.emarketeerTarget,
    recordTargets: decision.recordTargets.map(({ recordId, target }) => ({
      recordId,
      target: loosened.has(recordId) ? values.get(recordId)! : target,
    })),
  }
  return { ...cell, decision: part, plan: rule.plan(observation, memory, part) }
}
