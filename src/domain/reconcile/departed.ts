import { isPositive } from '../legal-basis.js'
import type { CellMemory, Observation, RecordReading, SeenRecord } from './types.js'
import { type ValueKind, isDeny } from './values.js'

/**
 * Departed records whose deny eMarketeer has not taken over, or may lose to our own late write. What an older epoch saw
 * in eMarketeer settles nothing: a restore may have undone it, and a restore is not an act by a person.
 *
 * Without this a deny is lost if its record is deleted after the decision and before the write to eMarketeer: the
 * remaining records allow, eMarketeer keeps its positive basis, and all agree. The send gate checks this too, before
 * the next pass.
 */
export function inheritedDenies<V>(
  { emarketeer, records, epoch }: Observation<V>,
  memory: CellMemory<V>,
  kind: ValueKind<V>,
): readonly SeenRecord<V>[] {
  const { seen, openLoosen } = memory
  const maybeOverwrittenByUs = openLoosen !== null && isPositive(emarketeer.basis)
  const unsettled = seen?.basis !== 'withdrawn' || seen.epoch !== epoch || maybeOverwrittenByUs
  // If eMarketeer held the deny when the record was last seen, a positive value there now is a later act.
  return departedDenies(records, memory, kind).filter((record) => unsettled || record.left === true)
}

/** Denies of departed records: those that left since the last observation, and those seen before. */
export function departedDenies<V>(
  live: readonly RecordReading<V>[],
  memory: CellMemory<V>,
  kind: ValueKind<V>,
): readonly SeenRecord<V>[] {
  const since = departed(memory.departed, live)
  // The value with which a record left counts, not the value that was seen before.
  const before = departed(memory.seen?.records ?? [], live).filter(
    (record) =>
      deniesStill(record, kind) && !since.some(({ recordId }) => recordId === record.recordId),
  )
  return [...before, ...since]
}

/** Seen records that are no longer live. */
function departed<V>(
  seen: readonly SeenRecord<V>[],
  live: readonly RecordReading<V>[],
): readonly SeenRecord<V>[] {
  return seen.filter((record) => !live.some((reading) => reading.recordId === record.recordId))
}

/**
 * Whether the record left as a deny, or denied and no later act overrules it. With blind writes it also holds where our
 * write was never read back clean, because that write may have overwritten a person's answer.
 */
function deniesStill<V>({ value, want, left }: SeenRecord<V>, kind: ValueKind<V>): boolean {
  if (left || (want !== null && kind.blind)) {
    return true
  }
  return value === kind.deny && (want === null || !kind.loosens(want))
}

/** Whether a deny left with its record and has not reached eMarketeer yet. The send gate asks this too. */
export function hasInheritedDeny<V>(
  observation: Observation<V>,
  memory: CellMemory<V>,
  kind: ValueKind<V>,
): boolean {
  return inheritedDenies(observation, memory, kind).length > 0
}

/**
 * The records whose carried deny is no longer needed: the observation had the mark, the record itself denies, and no
 * Allow of ours can still land on it. The caller drops these marks in the transaction that stores the plan's memory; a
 * newer mark stays.
 *
 * Without the last condition a late Allow could land on the record, because the carried deny did not change its
 * version.
 *
 * @param memory the memory that the plan stores.
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
