import {
  EMPTY_MEMORY,
  type CellMemory,
  type EmarketeerReading,
  type Observation,
  type RecordReading,
  type Seen,
  type ToggleValue,
} from '../../../src/domain/reconcile/index.js'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'
import type { RichValue } from '../../../src/domain/tenant-basis.js'

/** The epoch of every observation here. */
export const EPOCH = 1

export function emarketeer(
  basis: LegalBasis,
  version: number,
  times: Partial<EmarketeerReading> = {},
): EmarketeerReading {
  return { basis, version, lastPositiveActMs: null, lastDenyActMs: null, ...times }
}

export function record<V extends ToggleValue | RichValue>(
  value: V,
  version: string,
  more: Partial<RecordReading<V>> = {},
): RecordReading<V> {
  const plain = { lastWriter: 'user', stamp: null, carriedDeny: false } as const
  return { recordId: 'r1', value, version, ...plain, ...more }
}

export function observe<V>(
  e: EmarketeerReading,
  ...records: readonly RecordReading<V>[]
): Observation<V> {
  return { emarketeer: e, records, epoch: EPOCH, firstVersion: 1 }
}

/** The memory of a pass that saw these values and had nothing to write. */
export function memoryOf<V>(
  e: EmarketeerReading,
  ...records: readonly RecordReading<V>[]
): CellMemory<V> {
  const seen: Seen<V> = {
    basis: e.basis,
    version: e.version,
    records: records.map(({ recordId, value, version }) => ({
      recordId,
      value,
      version,
      want: null,
    })),
    epoch: EPOCH,
  }
  return { ...EMPTY_MEMORY, seen }
}

export const seconds = (n: number): number => n * 1_000
