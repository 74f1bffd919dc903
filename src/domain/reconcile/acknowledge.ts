import type { LegalBasis } from '../legal-basis.js'
import type { RichValue } from '../tenant-basis.js'
import { isNextVersion, lastSeen } from './doubt.js'
import type { CellMemory, RecordReading, SeenRecord, ToggleValue } from './types.js'

/** eMarketeer has confirmed our write: `version` is the one it returned. */
export function acknowledgeEmarketeer<V>(
  memory: CellMemory<V>,
  value: LegalBasis,
  version: number,
): CellMemory<V> {
  const seen = memory.seen && { ...memory.seen, basis: value, version }
  return { ...memory, seen, openLoosen: null }
}

/**
 * A toggle CRM has confirmed our write.
 *
 * @param version The version after the write; null where the answer carried none: the record is then unproven
 *   until it is read again.
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

/** A rich row read back after our write. */
export type RichReadBack = Pick<
  RecordReading<RichValue>,
  'recordId' | 'value' | 'version' | 'lastWriter' | 'onlyInserted'
>

/**
 * A rich CRM's row has been read back after our write. Anything but our own write, on exactly the row that we had
 * read, changes nothing stored: a person's answer may lie under it, and the next pass asks (R0).
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
