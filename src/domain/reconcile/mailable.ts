import { isPurposeCell, type CellKey } from '../cell-key.js'
import { isPositive } from '../legal-basis.js'
import { meaningOf, NOTHING_MAPPED, type RichValue } from '../tenant-basis.js'
import { newlyMapped } from './mapped.js'
import type { CellMemory, Decision, Observation, Plan } from './types.js'

/** A cell as it was decided, with what is planned for it. */
export interface PlannedCell {
  readonly cellKey: CellKey
  /** By which kind of value it was decided; what is decided without proof counts as a toggle. */
  readonly values: 'toggle' | 'rich'
  /** eMarketeer's basis as read. */
  readonly emarketeerBasis: string
  readonly observation: Observation<string>
  readonly memory: CellMemory<string>
  readonly decision: Decision<string>
  readonly plan: Plan<string>
}

/** Whether anything in the plan loosens, or the send gate would come to take a tenant's own basis for a basis. */
export function loosens(cell: PlannedCell): boolean {
  return cell.plan.writes.some((write) => write.loosens) || takesUpMapping(cell)
}

/**
 * Whether the plan would let somebody be mailed who is not mailable now: what the limit counts (F4). In a rich CRM a
 * positive basis that replaces another one changes nothing about that; nor does one recorded for storing where there was
 * none, since only a withdrawal forbids that.
 */
export function makesMailable(cell: PlannedCell): boolean {
  const { plan, cellKey, values, emarketeerBasis, observation } = cell
  if (values !== 'rich' || !isPurposeCell(cellKey)) {
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
      return forbids(emarketeerBasis, true)
    }
    const index = observation.records.findIndex((record) => record.recordId === write.recordId)
    const { value } = observation.records[index]!
    return forbids(meaningOf(value as RichValue, mapping), index === 0)
  })
}

/** Whether the person that is read gets a basis only because the connection file maps it now (C2). */
function takesUpMapping(cell: PlannedCell): boolean {
  const oldest = cell.observation.records[0]?.recordId
  return (
    cell.values === 'rich' &&
    cell.cellKey === 'marketingSendouts' &&
    oldest !== undefined &&
    newlyMappedIn(cell).includes(oldest)
  )
}

/** Records whose own basis the connection file maps only now, and this decision takes up. */
export function newlyMappedIn({
  observation,
  memory,
  decision,
}: Pick<PlannedCell, 'observation' | 'memory' | 'decision'>): readonly string[] {
  return newlyMapped(
    observation as Observation<RichValue>,
    memory as CellMemory<RichValue>,
    decision as Decision<RichValue>,
  )
}
