import type { CrmConsent, CrmClient } from '../../crm/crm.js'
import {
  clockNow,
  clockOfDate,
  comparableStamp,
  type ClockInterval,
  type ClocksNow,
  type MeasuredClock,
} from '../../domain/clock.js'
import type { Stamp } from '../../domain/reconcile/index.js'
import type { ClockReading } from '../../http/index.js'
import type { CrmTimes } from '../../ledger/copy/crm-times.js'
import type { BatchView } from '../view/address-view.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'

/** How the times of a rich CRM's rows count in a decision. */
export interface DecidingTimes {
  /** null: times do not count (`superoffice.times`). */
  readonly clocks: ClocksNow | null
  /** Whether this installation raises a version by one per write. */
  readonly countsWrites: boolean
}

/** For toggles, whose rows have no times. */
export const NO_ROW_TIMES: DecidingTimes = { clocks: null, countsWrites: false }

/** How the times of a batch's rows count now. For a toggle CRM: {@link NO_ROW_TIMES}. */
export function timesNow(session: SyncSession, batch: BatchView): DecidingTimes {
  const crm = requireCrm(session)
  return crm.capabilities.values === 'rich'
    ? decidingTimes(crm.client, batch.times, session.clock, Date.now())
    : NO_ROW_TIMES
}

/** eMarketeer's clock as far as it is known now, for stamps that a CRM gives apart from its rows. null: not known. */
export function emarketeerClockNow(
  { clock }: SyncSession,
  { times }: BatchView,
): ClockInterval | null {
  return clockOf(times.emarketeer, clock?.emarketeer, Date.now())
}

/**
 * Combines the stored measurements with this session's readings of both clocks.
 * @param nowMs our clock, Unix ms.
 */
function decidingTimes(
  crm: Pick<CrmClient, 'times' | 'countsWrites'>,
  learned: CrmTimes,
  watched: SyncSession['clock'],
  nowMs: number,
): DecidingTimes {
  const clocks = {
    crm: clockOf(learned.crm, watched?.crm, nowMs),
    emarketeer: clockOf(learned.emarketeer, watched?.emarketeer, nowMs),
    nowMs,
  }
  return {
    clocks: crm.times === 'never' ? null : clocks,
    countsWrites: isCounted(learned, crm.countsWrites === true),
  }
}

/**
 * Whether the CRM counts writes. What our own writes showed takes precedence over the measurement. @param measured at
 * set-up, on a test person.
 */
export function isCounted({ counting }: CrmTimes, measured: boolean): boolean {
  return counting.verdict === 'proven' || (counting.verdict === 'unknown' && measured)
}

/** A system's clock now. This session's reading of the Date header replaces the stored reading. */
function clockOf(
  measured: MeasuredClock,
  reading: ClockReading | null | undefined,
  nowMs: number,
): ClockInterval | null {
  const byDate = reading ? { ...clockOfDate(reading), measuredAtMs: nowMs } : measured.byDate
  return clockNow({ byWrite: measured.byWrite, byDate }, nowMs)
}

/** A row's time, comparable with eMarketeer's. null: it proves nothing, or the last writer was not a person. */
export function stampOfConsent(
  { lastWriter, times }: CrmConsent,
  { clocks }: DecidingTimes,
): Stamp | null {
  const writtenMs = writtenAtMs(times)
  return clocks === null || lastWriter !== 'user' || writtenMs === null
    ? null
    : comparableStamp(writtenMs, clocks)
}

/** When a row was last written, by the CRM's clock, Unix ms. null: the CRM does not say. */
export function writtenAtMs(times: CrmConsent['times']): number | null {
  return times === undefined ? null : (times.updatedMs ?? times.registeredMs)
}
