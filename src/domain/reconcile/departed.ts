import { isPositive } from '../legal-basis.js'
import type { CellMemory, Observation, RecordReading, SeenRecord } from './types.js'
import { type ValueKind, isDeny } from './values.js'

/**
 * Records that are no longer live whose deny we had seen, while it stands in eMarketeer not yet (or may be
 * overwritten there by a late write of ours). What an older epoch saw in eMarketeer settles nothing: a restore may have
 * taken it away again, and that is nobody's act.
 *
 * Without this, a deny that was read and decided on is lost when the record is deleted before the write to
 * eMarketeer happened: the remaining records allow, eMarketeer still holds its positive basis, and all agree.
 * The send gate asks this too, before the next pass has run.
 */
export function inheritedDenies<V>(
  { emarketeer, records, epoch }: Observation<V>,
  memory: CellMemory<V>,
  kind: ValueKind<V>,
): readonly SeenRecord<V>[] {
  const { seen, openLoosen } = memory
  const maybeOverwrittenByUs = openLoosen !== null && isPositive(emarketeer.basis)
  const unsettled = seen?.basis !== 'withdrawn' || seen.epoch !== epoch || maybeOverwrittenByUs
  // Where eMarketeer held the deny when the record was last seen, a positive value there now is a later act.
  return departedDenies(records, memory, kind).filter((record) => unsettled || record.left === true)
}

/** Denies of records that are not live now: those that left since the last observation, and those seen before. */
export function departedDenies<V>(
  live: readonly RecordReading<V>[],
  memory: CellMemory<V>,
  kind: ValueKind<V>,
): readonly SeenRecord<V>[] {
  const since = departed(memory.departed, live)
  // What a record left with counts; what had been seen of it before does not.
  const before = departed(memory.seen?.records ?? [], live).filter(
    (record) =>
      deniesStill(record, kind) && !since.some(({ recordId }) => recordId === record.recordId),
  )
  return [...before, ...since]
}

/** Seen records that are not live now. */
function departed<V>(
  seen: readonly SeenRecord<V>[],
  live: readonly RecordReading<V>[],
): readonly SeenRecord<V>[] {
  return seen.filter((record) => !live.some((reading) => reading.recordId === record.recordId))
}

/**
 * It left as a deny, or the record denied and no decision of ours had found a later act that overrules it; or, where writes are blind,
 * ours was never read back clean, so that a person's answer may lie under it.
 */
function deniesStill<V>({ value, want, left }: SeenRecord<V>, kind: ValueKind<V>): boolean {
  if (left || (want !== null && kind.blind)) {
    return true
  }
  return value === kind.deny && (want === null || !kind.loosens(want))
}

/** For the send gate too: a deny that left with its record has not reached eMarketeer yet. */
export function hasInheritedDeny<V>(
  observation: Observation<V>,
  memory: CellMemory<V>,
  kind: ValueKind<V>,
): boolean {
  return inheritedDenies(observation, memory, kind).length > 0
}

/**
 * The records whose carried-deny mark has done its work: the observation held the mark, the record itself denies,
 * and no Allow of ours can still land on it. The caller drops those very marks in the transaction that stores the
 * plan's memory; a mark that was set after the observation was read stays.
 *
 * Without the last condition a delayed Allow lands on the record, whose version the carried deny did not move.
 *
 * @param memory What the plan stores.
 */
export function arrivedDenies<V extends string>(
  observation: Observation<V>,
  memory: CellMemory<V>,
): readonly string[] {
  return observation.records
    .filter(
      (record) =>
        record.carriedDeny && isDeny(record) && memory.openAllow[record.recordId] === undefined,
    )
    .map(({ recordId }) => recordId)
}
