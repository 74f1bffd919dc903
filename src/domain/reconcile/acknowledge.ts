import type { LegalBasis } from '../legal-basis.js'
import type { RichValue } from '../tenant-basis.js'
import { isNextVersion, lastSeen } from './doubt.js'
import type { CellMemory, RecordReading, SeenRecord, ToggleValue } from './types.js'

/** The memory after eMarketeer confirmed our write, with the `version` that it returned. */
export function acknowledgeEmarketeer<V>(
  memory: CellMemory<V>,
  value: LegalBasis,
  version: number,
): CellMemory<V> {
  const seen = memory.seen && { ...memory.seen, basis: value, version }
  return { ...memory, seen, openLoosen: null }
}

/**
 * The memory after a toggle CRM confirmed our write.
 *
 * @param version the version after the write; null: unknown, and the record is unproven until it is read again.
 */
export function acknowledgeToggleRecord(
  memory: CellMemory<ToggleValue>,
  recordId: string,
  value: ToggleValue,
  version: string | null,
): CellMemory<ToggleValue> {
  const openAllow = Object.fromEntries(
    Object.entries(memory.openAllow).filter(([id]) => id !== recordId),
  )
  return { ...replaceSeen(memory, { recordId, value, version, want: null }), openAllow }
}

export type RichReadBack = Pick<
  RecordReading<RichValue>,
  'recordId' | 'value' | 'version' | 'lastWriter' | 'onlyInserted'
>

/**
 * The memory after a rich CRM's row was read back. It changes only if the row shows exactly our own write on the row
 * that we had read. Otherwise our write may have overwritten a person's answer, and the next pass applies R0.
 *
 * @param firstVersion See {@link Observation.firstVersion}.
 */
export function acknowledgeRichRecord(
  memory: CellMemory<RichValue>,
  readBack: RichReadBack,
  firstVersion: number | null = null,
): CellMemory<RichValue> {
  const { recordId, value, version, lastWriter } = readBack
  const before = lastSeen(memory, recordId)
  const ours =
    before !== undefined &&
    lastWriter === 'us' &&
    value === before.want &&
    isNextVersion(readBack, before.version, firstVersion)
  const open = before?.open === undefined ? {} : { open: before.open }
  return ours ? replaceSeen(memory, { recordId, value, version, want: null, ...open }) : memory
}

function replaceSeen<V>(memory: CellMemory<V>, record: SeenRecord<V>): CellMemory<V> {
  if (memory.seen === null) {
    return memory
  }
  const records = memory.seen.records.map((stored) =>
    stored.recordId === record.recordId && !stored.left ? record : stored,
  )
  return { ...memory, seen: { ...memory.seen, records } }
}
