/**
 * How the clocks of two outside systems stand to each other, as an interval: what a stamp of the one says beside a time
 * of the other (docs/reconciliation.md, "Stamps of SuperOffice"). Never used to correct a time, only to widen what is
 * uncertain about it. Pure; all times Unix milliseconds.
 */

/** How far a clock is ahead of another, at least and at most. */
export interface ClockInterval {
  readonly fromMs: number
  readonly toMs: number
}

/** One system's clock against ours, and when that was measured. */
export interface ClockMeasurement extends ClockInterval {
  readonly measuredAtMs: number
  /** Of a measurement by our own write: what the Date header said at that time; null: nothing. */
  readonly date?: ClockInterval | null
}

/** What was measured of one system's clock: by a write of ours and the stamp that it got, and by the Date header. */
export interface MeasuredClock {
  readonly byWrite: ClockMeasurement | null
  readonly byDate: ClockMeasurement | null
}

/** Least uncertainty of a stamp. */
export const MIN_EPS_MS = 2_000

/** Clocks further apart than this prove nothing. */
export const MAX_CLOCK_OFFSET_MS = 5 * 60_000

/** Older measurements are taken anew. */
const MEASUREMENT_HOLDS_MS = 24 * 3_600_000

const SECOND_MS = 1_000

/**
 * A system's clock from a write of ours: it was done between sending and answer, and the system stamped it. A stamp of
 * whole seconds is cut down.
 */
export function clockOfWrite(
  write: { readonly sentAtMs: number; readonly answeredAtMs: number },
  stampMs: number,
): ClockInterval {
  return {
    fromMs: stampMs - write.answeredAtMs,
    toMs: stampMs + resolutionOf(stampMs) - write.sentAtMs,
  }
}

/** A system's clock from a Date header; `offsetMs` is the middle of what is possible. */
export function clockOfDate(reading: {
  readonly offsetMs: number
  readonly roundTripMs: number
  readonly resolutionMs: number
}): ClockInterval {
  const aroundMs = reading.roundTripMs / 2 + reading.resolutionMs / 2
  return {
    fromMs: Math.floor(reading.offsetMs - aroundMs),
    toMs: Math.ceil(reading.offsetMs + aroundMs),
  }
}

/**
 * What is known of a clock now: by our own write, else by the Date header, else nothing. Where the Date header shows that
 * the clock was set since that write, both count.
 */
export function clockNow({ byWrite, byDate }: MeasuredClock, nowMs: number): ClockInterval | null {
  const date = byDate !== null && isFresh(byDate, nowMs) ? byDate : null
  if (byWrite === null || !isFresh(byWrite, nowMs)) {
    return date && bounds(date)
  }
  const before = byWrite.date ?? null
  const wasSet =
    date !== null && before !== null && (date.fromMs > before.toMs || date.toMs < before.fromMs)
  return wasSet ? hull(byWrite, date) : bounds(byWrite)
}

/** How far the first clock is ahead of the second, from how both are ahead of ours. */
export function clockBetween(first: ClockInterval, second: ClockInterval): ClockInterval {
  return { fromMs: first.fromMs - second.toMs, toMs: first.toMs - second.fromMs }
}

/** The most that two clocks may differ, either way. */
export function mostOffsetMs({ fromMs, toMs }: ClockInterval): number {
  return Math.max(Math.abs(fromMs), Math.abs(toMs))
}

/** Both systems' clocks against ours, as known when deciding; null: not known. */
export interface ClocksNow {
  readonly crm: ClockInterval | null
  readonly emarketeer: ClockInterval | null
  readonly nowMs: number
}

/** A stamp beside times of the other system. */
export interface ComparableStamp {
  readonly atMs: number
  readonly epsMs: number
}

/**
 * A stamp of the CRM as it may be held against eMarketeer's times; null where it proves nothing: a clock is not known, they
 * are too far apart, or the stamp lies in the future.
 */
export function comparableStamp(stampMs: number, clocks: ClocksNow): ComparableStamp | null {
  const { crm, emarketeer, nowMs } = clocks
  if (crm === null || emarketeer === null) {
    return null
  }
  const offsetMs = mostOffsetMs(clockBetween(crm, emarketeer))
  const inFuture = stampMs > nowMs + crm.toMs + MIN_EPS_MS
  return offsetMs > MAX_CLOCK_OFFSET_MS || inFuture
    ? null
    : { atMs: stampMs, epsMs: Math.max(MIN_EPS_MS, offsetMs + resolutionOf(stampMs)) }
}

function resolutionOf(stampMs: number): number {
  return stampMs % SECOND_MS === 0 ? SECOND_MS : 0
}

function isFresh({ measuredAtMs }: ClockMeasurement, nowMs: number): boolean {
  return nowMs - measuredAtMs <= MEASUREMENT_HOLDS_MS
}

function bounds({ fromMs, toMs }: ClockInterval): ClockInterval {
  return { fromMs, toMs }
}

function hull(a: ClockInterval, b: ClockInterval): ClockInterval {
  return { fromMs: Math.min(a.fromMs, b.fromMs), toMs: Math.max(a.toMs, b.toMs) }
}
