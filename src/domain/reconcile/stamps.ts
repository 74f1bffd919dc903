import { isPositive, type LegalBasis } from '../legal-basis.js'
import type { Comparison } from './compare.js'
import type { CellMemory, EmarketeerReading, RecordReading, Stamp } from './types.js'
import { isNobodysAct } from './values.js'

/**
 * Proof by clock, only where a side holds a stamp that a person's own act made, and only where no version proves.
 * Every comparison keeps the clocks' possible difference (`epsMs`) to the side that denies; an unknown time on
 * either side proves nothing.
 */

/** The record's stamp, unless its value is our own write or a default: a stamp of ours is nobody's act. */
export function usableStamp(record: RecordReading<unknown>): Stamp | null {
  return isNobodysAct(record.lastWriter) ? null : record.stamp
}

/**
 * Whether stamps may count in this cell at all. While the set of live records has changed and both sides have not
 * been seen to agree since, a deny may have left with its record, later than any stamp that can still be read.
 */
export function stampsCount<V>(comparison: Comparison<V>, memory: CellMemory<V>): boolean {
  return !comparison.recordSetChanged && memory.seen?.setUnsettled !== true
}

/** Whether every one of the records was set before eMarketeer's last positive act by a person. */
export function setBeforePositive(
  records: readonly RecordReading<unknown>[],
  emarketeer: EmarketeerReading,
): boolean {
  const positiveMs = positiveActMs(emarketeer)
  return (
    positiveMs !== null &&
    records.length > 0 &&
    records.every((record) => {
      const stamp = usableStamp(record)
      return stamp !== null && stamp.atMs + stamp.epsMs < positiveMs
    })
  )
}

/**
 * Whether the records' latest flip was after `actMs`. Every record must tell, or be a default that nobody ever
 * set: a record without a stamp may be our own late write, and the others' flips may be older than a deny on it.
 */
export function latestSetAfter(
  records: readonly RecordReading<unknown>[],
  actMs: number | null,
): boolean {
  const setByPerson = records.filter((record) => record.lastWriter !== 'default')
  const stamps = setByPerson.map(usableStamp)
  return (
    actMs !== null &&
    stamps.every((stamp) => stamp !== null) &&
    stamps.some((stamp) => stamp !== null && stamp.atMs - stamp.epsMs > actMs)
  )
}

/** The last positive act by a person, or null: unknown, or the present value is none, a default or a deny. */
export function positiveActMs(emarketeer: EmarketeerReading): number | null {
  return isPositive(emarketeer.basis) && emarketeer.version > 0
    ? emarketeer.lastPositiveActMs
    : null
}

/** The last deny by a person; before all time where nobody ever set anything; null where unknown. */
export function denyActMs(emarketeer: EmarketeerReading): number | null {
  return emarketeer.lastDenyActMs ?? (neverSet(emarketeer) ? -Infinity : null)
}

/** The last act of either kind by a person; null where the time of the present value's kind is unknown. */
export function lastActMs(emarketeer: EmarketeerReading): number | null {
  const { basis, lastPositiveActMs, lastDenyActMs } = emarketeer
  if (neverSet(emarketeer)) {
    return -Infinity
  }
  const ofPresentKind = basis === 'withdrawn' ? lastDenyActMs : lastPositiveActMs
  return ofPresentKind === null
    ? null
    : Math.max(lastPositiveActMs ?? -Infinity, lastDenyActMs ?? -Infinity)
}

function neverSet({ basis, version }: { basis: LegalBasis; version: number }): boolean {
  return basis === 'none' && version === 0
}
