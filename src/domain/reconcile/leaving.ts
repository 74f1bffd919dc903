import { doubted, lastKnown, lastSeen, openGuards, unended } from './doubt.js'
import { isMemory } from './stored-memory.js'
import type { CellMemory, LeftWith, Observation, RecordReading, SeenRecord } from './types.js'
import type { ValueKind } from './values.js'

/** The value measured at set-up is not available here, so an insert of ours is clean only if it is clean under both. */
const FIRST_VERSIONS = [0, 1]

/** A departing record as read. null: its value is unreadable, and its version proves nothing. */
export type LeavingReading<V> = Omit<RecordReading<V>, 'value'> & { readonly value: V | null }

/**
 * The deny that a record leaves behind at its cell (rule F5): one that no pass has seen, one that was carried onto the
 * record, or one that our write may have overwritten (R0). A record that leaves in doubt leaves as a deny: nobody can
 * read it in that cell again, so no later pass would notice.
 *
 * @param readings all readings of the record, the latest last; never empty. A reading from after it left may be among
 *   them: a record is often denied and deactivated in one change.
 * @param memory the stored memory of the cell that it leaves.
 * @param epoch the connection's present epoch. A deny that only an older epoch saw does not count as known.
 * @returns null: there is no deny, or the rule finds it in the stored observation. From a malformed memory a record
 * leaves as a deny.
 */
export function denyOfLeaver<V>(
  readings: readonly LeavingReading<V>[],
  memory: CellMemory<V>,
  kind: ValueKind<V>,
  epoch: number,
): SeenRecord<V> | null {
  const { recordId } = latest(readings)
  const asDeny = (version: string | null): SeenRecord<V> => {
    return { recordId, value: kind.deny, version, want: null, left: true }
  }
  if (!isMemory(memory)) {
    return asDeny(null)
  }
  const shown = readings.filter(isRead).findLast(({ value }) => value === kind.deny)
  const hidden =
    readings.some(({ carriedDeny }) => carriedDeny) || (kind.blind && hidesDeny(readings, memory))
  if (shown !== undefined && !isSeen(shown, memory, epoch)) {
    return asDeny(shown.version)
  }
  // Without a version, the record is in doubt if it comes back with our write.
  return hidden ? asDeny(null) : null
}

/**
 * What the record takes along from the cell that it leaves. An unreadable record takes it along too, because our write
 * may still land on it.
 * @returns null: the record was never read.
 */
export function takenAlong<V>(
  readings: readonly LeavingReading<V>[],
  memory: CellMemory<V>,
): LeftWith<V> | null {
  const now = latest(readings)
  if (!isMemory(memory)) {
    const read = asRead(readings)
    // No version has this guard, so an Allow that is found there may be ours.
    return read && { seen: { ...read, version: null }, openAllow: '' }
  }
  const seen = lastKnown(now, memory) ?? asRead(readings)
  if (seen === null) {
    return null
  }
  const sent = unended(now, memory)
  const last = seen.want
  const open = sent.filter((_, index) => last === null || index !== sent.indexOf(last))
  return {
    seen: {
      recordId: now.recordId,
      value: seen.value,
      version: seen.version,
      want: last,
      ...(seen.setByUser ? { setByUser: true } : {}),
      ...(open.length === 0 ? {} : { open }),
    },
    openAllow: openGuards(now, memory.openAllow)[0] ?? null,
  }
}

/** The last reading, for a record that no pass has seen. A forgotten record stays in doubt wherever it goes. */
function asRead<V>(readings: readonly LeavingReading<V>[]): SeenRecord<V> | null {
  const read = readings.filter(isRead)
  const last = read.at(-1)
  if (last === undefined) {
    return null
  }
  const { recordId, value, version, forgotten } = last
  const setByUser = read.every((one) => one.value !== value || one.lastWriter === 'user')
  return {
    recordId,
    value,
    version: forgotten ? null : version,
    want: null,
    ...(setByUser ? { setByUser } : {}),
  }
}

function isRead<V>(reading: LeavingReading<V>): reading is RecordReading<V> {
  return reading.value !== null
}

function latest<V>(readings: readonly LeavingReading<V>[]): LeavingReading<V> {
  const last = readings.at(-1)
  if (last === undefined) {
    throw new RangeError('a record that leaves was read at least once')
  }
  return last
}

/** Whether an observation of this epoch shows the record as read. */
function isSeen<V>(
  { recordId, value, version }: RecordReading<V>,
  memory: CellMemory<V>,
  epoch: number,
): boolean {
  const seen = memory.seen?.epoch === epoch ? lastSeen(memory, recordId) : undefined
  return seen !== undefined && !seen.left && seen.value === value && seen.version === version
}

/** For blind writes: whether our write is in progress, or may have overwritten a person's answer. */
function hidesDeny<V>(readings: readonly LeavingReading<V>[], memory: CellMemory<V>): boolean {
  const now = readings.findLast(isRead)
  const unread = latest(readings)
  if (!isRead(unread) && unended(unread, memory).length > 0) {
    return true
  }
  if (now === undefined) {
    return false
  }
  const underWay = [now.leftWith?.seen, lastSeen(memory, now.recordId)].some(
    (seen) => seen !== undefined && seen.want !== null && seen.version === now.version,
  )
  const measures = now.onlyInserted === undefined ? FIRST_VERSIONS : [null]
  return underWay || measures.some((firstVersion) => doubted(now, memory, { firstVersion }))
}

/** The cell's departed denies with this one added. */
export function withDeparted<V>(
  departed: readonly SeenRecord<V>[],
  deny: SeenRecord<V>,
): readonly SeenRecord<V>[] {
  return [...departed.filter(({ recordId }) => recordId !== deny.recordId), deny]
}

/**
 * The records whose {@link RecordReading.leftWith} is no longer needed: the plan's memory holds them as read. The
 * caller drops it in the transaction that stores this memory.
 */
export function settledIn<V>(
  { records, epoch }: Observation<V>,
  memory: CellMemory<V>,
): readonly string[] {
  return records
    .filter((record) => record.leftWith && isSeen(record, memory, epoch))
    .map(({ recordId }) => recordId)
}
