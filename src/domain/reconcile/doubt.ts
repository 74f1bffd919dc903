import type { CellMemory, Observation, RecordReading, SeenRecord } from './types.js'

/** What is known beside the record itself when a doubt is judged. */
export interface DoubtContext {
  /** See {@link Observation.firstVersion}. Default: not measured. */
  readonly firstVersion?: number | null
}

/**
 * R0, for CRMs that cannot refuse a stale write: whether a person's answer may lie under our own write.
 *
 * Our write is clean only if it stands on exactly the row that we had read (version + 1) and is the value that
 * we were about to write. The send gate asks this too, of every live row: nobody is sendable in doubt.
 *
 * @param seenRecord What is stored of this record, also of an older epoch: it proves nothing, but it raises doubt.
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
      // An unreadable writer may be us: knowing less can only turn an allow into a deny (I12).
      return !isOurCleanWrite(record, seenRecord, context.firstVersion ?? null)
    case 'user':
      // A card saved again over such a write shows our value under a person's name.
      return (
        [seenRecord.want, ...(seenRecord.open ?? [])].includes(record.value) &&
        movedPastOneWrite(record, seenRecord.version, context.firstVersion ?? null)
      )
    case 'default':
      return false
  }
}

/** Whether any live row of the observation is in doubt (R0 is asked of every row that we write). */
export function anyInDoubt<V>(observation: Observation<V>, memory: CellMemory<V>): boolean {
  const context: DoubtContext = { firstVersion: observation.firstVersion ?? null }
  return observation.records.some((record) => doubted(record, memory, context))
}

/** R0 of a record that this cell has seen, or that has come from another one: a write from there may land here. */
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

/** What is stored of a record, also if it was not live the last time. */
export function lastSeen<V>(memory: CellMemory<V>, recordId: string): SeenRecord<V> | undefined {
  return memory.seen?.records.find((record) => record.recordId === recordId)
}

/**
 * Writes of ours that this cell, or the one that the record came from, knows not to have ended. What it came with is the
 * newer: it has been elsewhere since this cell saw it.
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

/** The guards of Allows of ours that are not known to have ended; first that which may land yet. */
export function openGuards<V>(
  { recordId, version, leftWith }: Pick<RecordReading<V>, 'recordId' | 'version' | 'leftWith'>,
  openAllow: CellMemory<V>['openAllow'],
): readonly string[] {
  const guards = [leftWith?.openAllow ?? [], openAllow[recordId] ?? []].flat()
  return [...guards.filter((one) => one === version), ...guards.filter((one) => one !== version)]
}

/** The row is exactly the one we had read plus one write, and shows what it showed or what we were writing. */
function isOurCleanWrite<V>(
  record: RecordReading<V>,
  seenRecord: SeenRecord<V>,
  firstVersion: number | null,
): boolean {
  const expected = record.value === seenRecord.value || record.value === seenRecord.want
  return expected && isNextVersion(record, seenRecord.version, firstVersion)
}

/** The version of a row, and whether it has only been inserted, as far as the CRM tells. */
export type RowVersion = Pick<RecordReading<unknown>, 'version' | 'onlyInserted'>

/**
 * Whether `now` is what one write makes of `before`. An absent row has version `none`; what an insert makes of it is
 * measured at set-up, and where it was not, 0 and 1 are both accepted. A row that the CRM tells to have been updated is
 * no mere insert: somebody's answer may lie under that update.
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
