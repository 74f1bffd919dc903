import { clockOfDate, clockOfWrite, type ClockMeasurement } from '../../domain/clock.js'
import { isNextVersion } from '../../domain/reconcile/index.js'
import type { UpdateLesson } from '../../domain/write-counting.js'
import {
  learnCounting,
  saveMeasurement,
  saveProbe,
  type EmarketeerProbe,
} from '../../ledger/copy/crm-times.js'
import { writtenAtMs } from './deciding-times.js'
import { rowVersionOf } from './read-back.js'
import type { SyncSession } from '../../connection/session.js'
import type { CrmWritten } from './write-jobs.js'

/** One single write and its read-back. */
interface Lesson {
  readonly recordId: string
  readonly isInsert: boolean
  /** The read-back shows exactly our write on the row that we had read. */
  readonly exact: boolean
  readonly version: string
  /** When the write was sent and answered, by our clock, and the row's stamp. null: no answer or no stamp. */
  readonly moment: {
    readonly sentAtMs: number
    readonly answeredAtMs: number
    readonly stampMs: number
  } | null
}

/**
 * Learns from read-backs of our writes how a rich CRM counts writes and how its clock differs from ours
 * (docs/reconciliation.md, "Stamps of SuperOffice"). Mass writes teach nothing. A lost lesson does no harm.
 */
export async function learnFromWrites(
  session: SyncSession,
  jobs: readonly CrmWritten[],
  probe: EmarketeerProbe | null,
): Promise<void> {
  if (session.crm?.capabilities.values !== 'rich') {
    return
  }
  const { db, connection } = session
  if (probe !== null) {
    await saveProbe(db, connection.connectionId, probe)
  }
  const lessons = jobs.flatMap(lessonOf)
  if (lessons.length === 0) {
    return
  }
  await learnCounting(db, connection.connectionId, {
    updates: lessons
      .filter(({ isInsert }) => !isInsert)
      .map(({ recordId, exact }): UpdateLesson => ({ recordId, exact })),
    inserted: lessons
      .filter(({ isInsert, exact }) => isInsert && exact)
      .map(({ version }) => Number(version)),
  })
  const measured = clockOf(session, lessons)
  if (measured !== null) {
    await saveMeasurement(db, connection.connectionId, 'crmByWrite', measured)
  }
}

function lessonOf({ write, outcome }: CrmWritten): Lesson[] {
  if (write.kind !== 'consent' || outcome.status !== 'applied') {
    return []
  }
  const { sent, readBack } = outcome
  if (sent === undefined || readBack === undefined) {
    return []
  }
  const isInsert = write.expectedVersion === 'none'
  const { version, times } = readBack
  const exact =
    readBack.lastWriter === 'us' &&
    readBack.value === write.value &&
    isNextVersion(rowVersionOf(readBack), write.expectedVersion, null) &&
    (!isInsert || times?.onlyInserted === true)
  const stampMs = writtenAtMs(times)
  const { sentAtMs, answeredAtMs } = sent
  const moment =
    answeredAtMs === null || stampMs === null ? null : { sentAtMs, answeredAtMs, stampMs }
  return [{ recordId: write.contactId, isInsert, exact, version, moment }]
}

/** Measures the CRM's clock by the quickest write. */
function clockOf(session: SyncSession, lessons: readonly Lesson[]): ClockMeasurement | null {
  const moments = lessons.flatMap(({ exact, moment }) => (exact && moment !== null ? [moment] : []))
  const [quickest] = moments.sort(
    (a, b) => a.answeredAtMs - a.sentAtMs - (b.answeredAtMs - b.sentAtMs),
  )
  const date = session.clock?.crm ?? null
  return quickest === undefined
    ? null
    : {
        ...clockOfWrite(quickest, quickest.stampMs),
        measuredAtMs: quickest.answeredAtMs,
        date: date && clockOfDate(date),
      }
}
