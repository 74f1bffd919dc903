import type { CrmConsent, CrmClient } from '../../crm/crm.js'
import {
  clockNow,
  clockOfDate,
  comparableStamp,
  type ClocksNow,
  type MeasuredClock,
} from '../../domain/clock.js'
import type { Stamp } from '../../domain/reconcile/index.js'
import type { ClockReading } from '../../http/index.js'
import type { CrmTimes } from '../../ledger/copy/crm-times.js'
import type { BatchView } from '../view/address-view.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'

/** What times of a rich CRM's rows are judged by when deciding. */
export interface DecidingTimes {
  /** null: times decide nothing (`superoffice.times`). */
  readonly clocks: ClocksNow | null
  /** Whether the installation is known to count one per write. */
  readonly countsWrites: boolean
}

/** Where no time counts: toggles carry none on their rows. */
export const NO_ROW_TIMES: DecidingTimes = { clocks: null, countsWrites: false }

/** How times stand now for the CRM of a session. */
export function timesNow(session: SyncSession, batch: BatchView): DecidingTimes {
  const crm = requireCrm(session)
  return crm.capabilities.values === 'rich'
    ? decidingTimes(crm.client, batch.times, session.clock, Date.now())
    : NO_ROW_TIMES
}

/**
 * How times stand now: what was learned, with what this very piece of work has read of both clocks.
 * @param nowMs our clock, Unix ms.
 */
function decidingTimes(
  crm: Pick<CrmClient, 'times' | 'countsWrites'>,
  learned: CrmTimes,
  watched: SyncSession['clock'],
  nowMs: number,
): DecidingTimes {
  const clocks = {
    crm: clockNow(withReading(learned.crm, watched?.crm ?? null, nowMs), nowMs),
    emarketeer: clockNow(
      withReading(learned.emarketeer, watched?.emarketeer ?? null, nowMs),
      nowMs,
    ),
    nowMs,
  }
  return {
    clocks: crm.times === 'never' ? null : clocks,
    countsWrites: isCounted(learned, crm.countsWrites === true),
  }
}

/** Our own writes know better than what was measured at set-up. @param measured at set-up, on a test person. */
export function isCounted({ counting }: CrmTimes, measured: boolean): boolean {
  return counting.verdict === 'proven' || (counting.verdict === 'unknown' && measured)
}

/** The newest reading of the Date header counts, that of this work before the stored one. */
function withReading(
  measured: MeasuredClock,
  reading: ClockReading | null,
  nowMs: number,
): MeasuredClock {
  return reading === null
    ? measured
    : { ...measured, byDate: { ...clockOfDate(reading), measuredAtMs: nowMs } }
}

/** A row's time as it may be held against eMarketeer's; null: it proves nothing, or no person wrote the row last. */
export function stampOfConsent(
  { lastWriter, times }: CrmConsent,
  { clocks }: DecidingTimes,
): Stamp | null {
  const writtenMs = writtenAtMs(times)
  return clocks === null || lastWriter !== 'user' || writtenMs === null
    ? null
    : comparableStamp(writtenMs, clocks)
}

/** When a row was written last, by the CRM's clock; null: not told. */
export function writtenAtMs(times: CrmConsent['times']): number | null {
  return times === undefined ? null : (times.updatedMs ?? times.registeredMs)
}
