import { isPurposeCell, type CellKey } from '../cell-key.js'
import { isPositive } from '../legal-basis.js'
import { meaningOf, NOTHING_MAPPED, type RichValue, type BasisMapping } from '../tenant-basis.js'
import type { CellMemory, Decision, Observation, Plan, RecordReading, SeenRecord } from './types.js'
import { lastSeen } from './doubt.js'
import { RICH } from './values.js'

export interface PlannedCell {
  readonly cellKey: CellKey
  /** The kind of its rule. A decision without proof counts as a toggle. */
  readonly values: 'toggle' | 'rich'
  /** eMarketeer's basis as read. */
  readonly emarketeerBasis: string
  readonly observation: Observation<string>
  readonly memory: CellMemory<string>
  readonly decision: Decision<string>
  readonly plan: Plan<string>
}

/** Whether the plan loosens anything, or makes a tenant's own basis count at the send gate. */
export function loosens(cell: PlannedCell): boolean {
  return cell.plan.writes.some((write) => write.loosens) || takesUpMapping(cell)
}

/**
 * Whether the plan makes a contact mailable that is not mailable now; the limit counts these (F4). In a rich CRM
 * neither of these does: a positive basis that replaces another positive one, and a first basis for storing, because
 * only a withdrawal forbids storing.
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

/** Whether the oldest person gets a basis only because the connection file maps it now (C2). */
function takesUpMapping(cell: PlannedCell): boolean {
  const oldest = cell.observation.records[0]?.recordId
  return (
    cell.values === 'rich' &&
    cell.cellKey === 'marketingSendouts' &&
    oldest !== undefined &&
    newlyMappedIn(cell).includes(oldest)
  )
}

/**
 * Records whose tenant's own basis is newly mapped by the connection file, and where this decision applies the mapping.
 */
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

/**
 * A connection file that maps a tenant's own basis makes people mailable without anybody's act. The newly-mailable
 * limit applies (rule F4): the mapping counts for a cell once a pass has decided with it. A removed mapping takes
 * effect immediately.
 */

/** Whether the file maps a value that the last decision found unmapped and that is unchanged. */
function isNewlyMapped(
  { value }: Pick<RecordReading<RichValue>, 'value'>,
  seenRecord: SeenRecord<RichValue> | null | undefined,
  mapping: BasisMapping,
): boolean {
  return (
    seenRecord?.unmapped === true &&
    seenRecord.value === value &&
    meaningOf(value, mapping) !== 'unmapped'
  )
}

/** For the send gate: whether the value counts as a basis. */
export function countsAsBasis(
  record: Pick<RecordReading<RichValue>, 'value'>,
  seenRecord: SeenRecord<RichValue> | null | undefined,
  mapping: BasisMapping,
): boolean {
  return (
    meaningOf(record.value, mapping) !== 'unmapped' && !isNewlyMapped(record, seenRecord, mapping)
  )
}

/**
 * Records whose tenant's own basis the decision reads as one of eMarketeer's for the first time, and does not overwrite
 * with a withdrawal.
 */
export function newlyMapped(
  { records, basisMapping }: Observation<RichValue>,
  memory: CellMemory<RichValue>,
  { unmapped, recordTargets }: Pick<Decision<RichValue>, 'unmapped' | 'recordTargets'>,
): readonly string[] {
  const stands = (recordId: string) => {
    const target = recordTargets.find((record) => record.recordId === recordId)?.target
    return target !== RICH.deny && !unmapped.includes(recordId)
  }
  return basisMapping === undefined
    ? []
    : records
        .filter((record) => isNewlyMapped(record, lastSeen(memory, record.recordId), basisMapping))
        .map(({ recordId }) => recordId)
        .filter(stands)
}
