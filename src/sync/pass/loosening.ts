import { isPurposeCell } from '../../domain/cell-key.js'
import { isPositive, type LegalBasis } from '../../domain/legal-basis.js'
import {
  newlyMapped,
  type CellMemory,
  type Decision,
  type Observation,
} from '../../domain/reconcile/index.js'
import { meaningOf, NOTHING_MAPPED, type RichValue } from '../../domain/tenant-basis.js'
import type { DecidedCell } from './decide-cells.js'
import { RICH_RULE } from './rule.js'

/** Whether anything in the plan loosens, or the send gate would come to take a tenant's own basis for a basis. */
export function loosens(cell: DecidedCell): boolean {
  return cell.plan.writes.some((write) => write.loosens) || takesUpMapping(cell)
}

/** Whether the person that is read gets a basis only because the connection file maps it now (C2). */
function takesUpMapping(cell: DecidedCell): boolean {
  const oldest = cell.observation.records[0]?.recordId
  return (
    cell.rule === RICH_RULE &&
    cell.cellKey === 'marketingSendouts' &&
    oldest !== undefined &&
    newlyMappedIn(cell).includes(oldest)
  )
}

function newlyMappedIn({ observation, memory, decision }: DecidedCell): readonly string[] {
  return newlyMapped(
    observation as Observation<RichValue>,
    memory as CellMemory<RichValue>,
    decision as Decision<RichValue>,
  )
}

/**
 * Whether the plan would let somebody be mailed who is not mailable now: what the limit counts (F4). In a rich CRM a
 * positive basis that replaces another one changes nothing about that; nor does one recorded for storing where there was
 * none, since only a withdrawal forbids that.
 */
export function makesMailable(cell: DecidedCell): boolean {
  const { plan, cellKey, rule, row, observation } = cell
  if (rule !== RICH_RULE || !isPurposeCell(cellKey)) {
    return loosens(cell)
  }
  const forbids = (value: string, isRead: boolean) =>
    value === 'withdrawn' || (cellKey === 'marketingSendouts' && isRead && !isPositive(value))
  const mapping = observation.basisMapping ?? NOTHING_MAPPED
  if (takesUpMapping(cell)) {
    return true
  }
  return plan.writes.some((write) => {
    if (!write.loosens) {
      return false
    }
    if (write.side === 'emarketeer') {
      return forbids(row.basis, true)
    }
    const index = observation.records.findIndex((record) => record.recordId === write.recordId)
    const { value } = observation.records[index]!
    return forbids(meaningOf(value as RichValue, mapping), index === 0)
  })
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
