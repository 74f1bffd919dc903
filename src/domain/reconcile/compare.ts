import { isPositive } from '../legal-basis.js'
import type {
  CellMemory,
  EmarketeerReading,
  Observation,
  RecordReading,
  Seen,
  SeenRecord,
} from './types.js'

/** A live record beside what was last seen of it; `before` is undefined for a record that joined. */
export interface RecordPair<V> {
  readonly now: RecordReading<V>
  readonly before: SeenRecord<V> | undefined
}

/** What changed since the last consistent observation. */
export interface Comparison<V> {
  /** The stored observation, if it is of the present epoch: an older one proves nothing. */
  readonly seen: Seen<V> | null
  readonly pairs: readonly RecordPair<V>[]
  /** null: nothing stored to compare with. */
  readonly emarketeerMoved: boolean | null
  /** null: nothing stored, or a record's version was never read back. */
  readonly crmMoved: boolean | null
  readonly recordSetChanged: boolean
  readonly emarketeerMaybeOurs: boolean
}

/** Compares an observation with what is stored, both sides by version, never by clock. */
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
      // A deny that left since the last pass may be later than whatever else has moved since.
      memory.departed.length > 0 || (stored !== null && setChanged(stored, observation.records)),
    emarketeerMaybeOurs: maybeOurLoosening(observation.emarketeer, memory.openLoosen),
  }
}

/** Whether the record's version differs from the one seen; null where that version is unknown. */
export function recordMoved<V>({ now, before }: RecordPair<V>): boolean | null {
  if (before === undefined) {
    return true
  }
  return before.version === null ? null : before.version !== now.version
}

/** Whether a person may have moved eMarketeer to its present value, since what was seen. */
export function emarketeerActed(
  comparison: Comparison<unknown>,
  reading: EmarketeerReading,
): boolean {
  const { seen } = comparison
  return (
    seen !== null &&
    // A default (version 0, a Yes that was never set) is nobody's act.
    reading.version > 0 &&
    comparison.emarketeerMoved === true &&
    // Moved is not enough: another basis of the same address moves the version as well ("moved is enough").
    reading.basis !== seen.basis &&
    !comparison.emarketeerMaybeOurs
  )
}

function anyRecordMoved<V>(pairs: readonly RecordPair<V>[]): boolean | null {
  const moved = pairs.map(recordMoved)
  return moved.includes(true) ? true : moved.includes(null) ? null : false
}

/** A late write of ours may have landed: without this guard our own Yes is taken for a person's. */
function maybeOurLoosening(reading: EmarketeerReading, openLoosen: number | null): boolean {
  return openLoosen !== null && reading.version !== openLoosen && isPositive(reading.basis)
}

/** Joined, left, or another record became the oldest: nobody's act, whichever it was. */
function setChanged<V>(stored: Seen<V>, records: readonly RecordReading<V>[]): boolean {
  const before = stored.records.filter((record) => !record.left).map((record) => record.recordId)
  return (
    before.length !== records.length ||
    before[0] !== records[0]?.recordId ||
    records.some((record) => !before.includes(record.recordId))
  )
}
