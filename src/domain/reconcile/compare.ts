import { isPositive } from '../legal-basis.js'
import type {
  CellMemory,
  EmarketeerReading,
  Observation,
  RecordReading,
  Seen,
  SeenRecord,
} from './types.js'

/** A live record and its last observation; `before` is undefined for a new one. */
export interface RecordPair<V> {
  readonly now: RecordReading<V>
  readonly before: SeenRecord<V> | undefined
}

export interface Comparison<V> {
  /** The stored observation; null if its epoch is older: it proves nothing. */
  readonly seen: Seen<V> | null
  readonly pairs: readonly RecordPair<V>[]
  /** null: nothing stored. */
  readonly emarketeerMoved: boolean | null
  /** null: nothing stored, or a record's version is unknown. */
  readonly crmMoved: boolean | null
  readonly recordSetChanged: boolean
  readonly emarketeerMaybeOurs: boolean
}

/** Compares an observation with the stored one. It compares versions and never times. */
export function compare<V>(observation: Observation<V>, memory: CellMemory<V>): Comparison<V> {
  const stored = memory.seen
  const seen = stored !== null && stored.epoch === observation.epoch ? stored : null
  const pairs = observation.records.map((now) => ({
    now,
    before: stored?.records.find((record) => record.recordId === now.recordId && !record.left),
  }))
  return {
    seen,
    pairs,
    emarketeerMoved: seen === null ? null : seen.version !== observation.emarketeer.version,
    crmMoved: seen === null ? null : anyRecordMoved(pairs),
    recordSetChanged:
      // A departed deny may be later than anything else that moved.
      memory.departed.length > 0 || (stored !== null && setChanged(stored, observation.records)),
    emarketeerMaybeOurs: maybeOurLoosening(observation.emarketeer, memory.openLoosen),
  }
}

/** Whether the record's version changed; null: the former one is unknown. */
export function recordMoved<V>({ now, before }: RecordPair<V>): boolean | null {
  if (before === undefined) {
    return true
  }
  return before.version === null ? null : before.version !== now.version
}

/** Whether a person may have changed eMarketeer's value since the observation. */
export function emarketeerActed(
  comparison: Comparison<unknown>,
  reading: EmarketeerReading,
): boolean {
  const { seen } = comparison
  return (
    seen !== null &&
    // A default (version 0) was set by nobody.
    reading.version > 0 &&
    comparison.emarketeerMoved === true &&
    // A new version is not enough: another basis of the same address raises it as well ("moved is enough").
    reading.basis !== seen.basis &&
    !comparison.emarketeerMaybeOurs
  )
}

function anyRecordMoved<V>(pairs: readonly RecordPair<V>[]): boolean | null {
  const moved = pairs.map(recordMoved)
  return moved.includes(true) ? true : moved.includes(null) ? null : false
}

/**
 * Whether the value may be our own write that landed late. Without this guard our Yes would count as a person's act.
 */
function maybeOurLoosening(reading: EmarketeerReading, openLoosen: number | null): boolean {
  return openLoosen !== null && reading.version !== openLoosen && isPositive(reading.basis)
}

/** Whether a record joined, left or became the oldest. This is not an act by a person. */
function setChanged<V>(stored: Seen<V>, records: readonly RecordReading<V>[]): boolean {
  const before = stored.records.filter((record) => !record.left).map((record) => record.recordId)
  return (
    before.length !== records.length ||
    before[0] !== records[0]?.recordId ||
    records.some((record) => !before.includes(record.recordId))
  )
}

/** The inputs of a decision that come from the comparison. */
export function comparedInputs<V>(
  { emarketeerMoved, crmMoved, recordSetChanged, emarketeerMaybeOurs, seen }: Comparison<V>,
  { records }: Observation<V>,
) {
  return {
    emarketeerMoved,
    crmMoved,
    recordSetChanged,
    emarketeerMaybeOurs,
    seenEpochIsCurrent: seen !== null,
    carriedDeny: carriesDeny(records),
  }
}

/**
 * Whether a deny was carried to a record from elsewhere. The time of that deny is unknown, so nothing is provably
 * later, even if the record itself denies.
 */
export function carriesDeny(records: readonly RecordReading<unknown>[]): boolean {
  return records.some((record) => record.carriedDeny)
}
