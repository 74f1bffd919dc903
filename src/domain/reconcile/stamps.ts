import { isPositive, type LegalBasis } from '../legal-basis.js'
import type { Comparison } from './compare.js'
import type { CellMemory, EmarketeerReading, RecordReading, Stamp } from './types.js'
import { isNobodysAct } from './values.js'

/**
 * Proof by time, if versions prove nothing and a side has the stamp of a person's own act. Every comparison gives the
 * benefit of the clocks' possible difference (`epsMs`) to the side that denies. An unknown time proves nothing.
 */

/** The record's stamp; null if we or a default set its value. */
export function usableStamp(record: RecordReading<unknown>): Stamp | null {
  return isNobodysAct(record.lastWriter) ? null : record.stamp
}

/**
 * Whether stamps count in this cell. After the set of live records changed they do not count until both sides agree: a
 * departed deny may be later than any stamp.
 */
export function stampsCount<V>(comparison: Comparison<V>, memory: CellMemory<V>): boolean {
  return !comparison.recordSetChanged && memory.seen?.setUnsettled !== true
}

/** Whether all records were set before eMarketeer's last positive act by a person. */
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
 * Whether the latest change of the records was after `actMs`. Every record needs a stamp or a default value: a record
 * without one may hold our late write, which may have overwritten a deny newer than the others' changes.
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

/** The last positive act by a person; null: unknown, or the value is none, a default or a deny. */
export function positiveActMs(emarketeer: EmarketeerReading): number | null {
  return isPositive(emarketeer.basis) && emarketeer.version > 0
    ? emarketeer.lastPositiveActMs
    : null
}

/** The last deny by a person; -Infinity if nobody ever set anything; null: unknown. */
export function denyActMs(emarketeer: EmarketeerReading): number | null {
  return emarketeer.lastDenyActMs ?? (neverSet(emarketeer) ? -Infinity : null)
}

/** The last act by a person; null: the time of the present value is unknown. */
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
