import { meaningOf, type BasisMapping, type RichValue } from '../tenant-basis.js'
import { lastSeen } from './doubt.js'
import type { CellMemory, Decision, Observation, RecordReading, SeenRecord } from './types.js'
import { RICH } from './values.js'

/**
 * A connection file that maps a tenant's own basis makes people mailable although nobody acted. That is subject to the
 * newly-mailable limit (rule F4) like any loosening: it counts for a cell once a pass has decided with it. A file that maps
 * it no longer counts at once.
 */

/** Whether the file maps a value which the last decision found unmapped, and which is the same still. */
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

/** For the send gate: whether the value may be taken for a basis of eMarketeer's. */
export function countsAsBasis(
  record: Pick<RecordReading<RichValue>, 'value'>,
  seenRecord: SeenRecord<RichValue> | null | undefined,
  mapping: BasisMapping,
): boolean {
  return (
    meaningOf(record.value, mapping) !== 'unmapped' && !isNewlyMapped(record, seenRecord, mapping)
  )
}

/** Records whose tenant's own basis the decision takes for one of eMarketeer's for the first time, and lets stand. */
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
