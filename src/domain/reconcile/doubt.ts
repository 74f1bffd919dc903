import type { CellMemory, Observation, RecordReading, SeenRecord } from './types.js'

export interface DoubtContext {
  /** See {@link Observation.firstVersion}. Default: not measured. */
  readonly firstVersion?: number | null
}

/**
 * R0, for CRMs that cannot refuse a stale write: whether our write may have overwritten a person's answer.
 *
 * Our write is clean only if it landed on exactly the row that we read (version + 1), and the row has the value that we
 * wrote. The send gate checks every live row for this too: nobody is mailed while in doubt.
 *
 * @param seenRecord the stored observation. One of an older epoch proves nothing, but it can still raise doubt.
 */
export function inDoubt<V>(
  record: RecordReading<V>,
  seenRecord: SeenRecord<V> | null | undefined,
  context: DoubtContext = {},
): boolean {
  if (!seenRecord) {
    return record.forgotten === true && record.lastWriter === 'us'
  }
  if (record.version === seenRecord.version || record.version === 'none') {
    return false
  }
  switch (record.lastWriter) {
    case 'us':
    case 'unknown':
      // An unknown writer may be us. Missing knowledge may only turn an allow into a deny (I12).
      return !isOurCleanWrite(record, seenRecord, context.firstVersion ?? null)
    case 'user':
      // If a user saves the card after such a write, the row shows our value under that person's name.
      return (
        [seenRecord.want, ...(seenRecord.open ?? [])].includes(record.value) &&
        movedPastOneWrite(record, seenRecord.version, context.firstVersion ?? null)
      )
    case 'default':
      return false
  }
}

/** Whether any live row is in doubt (R0). */
export function anyInDoubt<V>(observation: Observation<V>, memory: CellMemory<V>): boolean {
  const context: DoubtContext = { firstVersion: observation.firstVersion ?? null }
  return observation.records.some((record) => doubted(record, memory, context))
}

/** R0 for a record that was seen here or came from another cell: a write that was decided there may land here. */
export function doubted<V>(
  record: RecordReading<V>,
  memory: CellMemory<V>,
  context: DoubtContext,
): boolean {
  const seenHere = lastSeen(memory, record.recordId)
  const seenThere = record.leftWith?.seen
  return seenThere === undefined
    ? inDoubt(record, seenHere, context)
    : inDoubt(record, seenThere, context) ||
        (seenHere !== undefined && inDoubt(record, seenHere, context))
}

/** The last observation of a record, even if it was not live then. */
export function lastSeen<V>(memory: CellMemory<V>, recordId: string): SeenRecord<V> | undefined {
  return memory.seen?.records.find((record) => record.recordId === recordId)
}

/** The last observation of a live record, in the cell that it came from or in this one. */
export function lastKnown<V>(
  { recordId, leftWith }: Pick<RecordReading<V>, 'recordId' | 'leftWith'>,
  memory: CellMemory<V>,
): SeenRecord<V> | undefined {
  return leftWith?.seen ?? lastSeen(memory, recordId)
}

/**
 * Whether a user set the record's value. Saving a person's card may write the consent row again: the CRM then names the
 * user as the last writer of a value that we wrote.
 *
 * @param before the last observation of the record; undefined: there is none.
 */
export function isSetByUser<V>(
  { value, lastWriter }: Pick<RecordReading<V>, 'value' | 'lastWriter'>,
  before: SeenRecord<V> | undefined,
): boolean {
  return lastWriter === 'user' && (before?.value !== value || before.setByUser === true)
}

/**
 * The values of our writes to a record whose outcome is unknown, from this cell and from its former cell. The former
 * cell comes first: the record was there after this cell last saw it.
 */
export function unended<V>(
  { recordId, leftWith }: Pick<RecordReading<V>, 'recordId' | 'leftWith'>,
  memory: CellMemory<V>,
): readonly V[] {
  const there = sentTo(leftWith?.seen)
  return [...there, ...sentTo(lastSeen(memory, recordId)).filter((one) => !there.includes(one))]
}

function sentTo<V>(seen: SeenRecord<V> | undefined): readonly V[] {
  return seen === undefined
    ? []
    : [...(seen.open ?? []), ...(seen.want === null ? [] : [seen.want])]
}

/** The guards of our Allows whose outcome is unknown. A guard whose Allow may still land comes first. */
export function openGuards<V>(
  { recordId, version, leftWith }: Pick<RecordReading<V>, 'recordId' | 'version' | 'leftWith'>,
  openAllow: CellMemory<V>['openAllow'],
): readonly string[] {
  const guards = [leftWith?.openAllow ?? [], openAllow[recordId] ?? []].flat()
  return [...guards.filter((one) => one === version), ...guards.filter((one) => one !== version)]
}

/** Whether the row is the one that we read plus one write, with the old value or ours. */
function isOurCleanWrite<V>(
  record: RecordReading<V>,
  seenRecord: SeenRecord<V>,
  firstVersion: number | null,
): boolean {
  const expected = record.value === seenRecord.value || record.value === seenRecord.want
  return expected && isNextVersion(record, seenRecord.version, firstVersion)
}

/** A row's version, and whether it was only inserted, if the CRM states it. */
export type RowVersion = Pick<RecordReading<unknown>, 'version' | 'onlyInserted'>

/**
 * Whether `now` is `before` plus one write. An absent row has version `none`. The version after an insert is measured
 * at set-up; unmeasured, 0 and 1 both count. A row that was updated after its insertion does not count: the update may
 * have overwritten a person's answer.
 */
export function isNextVersion(
  now: RowVersion,
  before: string | null,
  firstVersion: number | null,
): boolean {
  if (before === null) {
    return false
  }
  if (before === 'none') {
    const first =
      firstVersion === null
        ? now.version === '0' || now.version === '1'
        : Number(now.version) === firstVersion
    return first && now.onlyInserted !== false
  }
  return Number(now.version) === Number(before) + 1
}

function movedPastOneWrite(
  now: RowVersion,
  before: string | null,
  firstVersion: number | null,
): boolean {
  if (before === null) {
    return true
  }
  if (before === 'none') {
    return now.onlyInserted === undefined
      ? Number(now.version) > (firstVersion ?? 0)
      : !now.onlyInserted
  }
  return Number(now.version) > Number(before) + 1
}
