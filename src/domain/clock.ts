/**
 * How the clocks of two outside systems differ, as an interval: it makes their times comparable
 * (docs/reconciliation.md, "Stamps of SuperOffice"). It never corrects a time and only widens its uncertainty. Pure;
 * all times Unix milliseconds.
 */

/** How far one clock is ahead of another: at least `fromMs`, at most `toMs`. */
export interface ClockInterval {
  readonly fromMs: number
  readonly toMs: number
}

/** How far a system's clock is ahead of ours, and when this was measured. */
export interface ClockMeasurement extends ClockInterval {
  readonly measuredAtMs: number
  /** The Date header at the time of a measurement by our write; null: none. */
  readonly date?: ClockInterval | null
}

/** Measurements of one system's clock: by the stamp of our write, and by the Date header. */
export interface MeasuredClock {
  readonly byWrite: ClockMeasurement | null
  readonly byDate: ClockMeasurement | null
}

/** Least uncertainty of a stamp. */
export const MIN_EPS_MS = 2_000

/** Clocks further apart than this prove nothing. */
export const MAX_CLOCK_OFFSET_MS = 5 * 60_000

/** Age after which a measurement no longer counts. */
const MEASUREMENT_HOLDS_MS = 24 * 3_600_000

const SECOND_MS = 1_000

/**
 * A system's clock from the stamp of our write, which lies between sending and answer. Stamps in full seconds are
 * rounded down.
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

/** A system's clock from a Date header; `offsetMs` is the middle of the interval. */
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
 * The present interval of a clock: by our own write, else by the Date header, else null. Both count if the Date header
 * shows that the clock was set after that write.
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

/** How far the first clock is ahead of the second, computed from each one's lead over ours. */
export function clockBetween(first: ClockInterval, second: ClockInterval): ClockInterval {
  return { fromMs: first.fromMs - second.toMs, toMs: first.toMs - second.fromMs }
}

/** The largest possible difference between the two clocks, in either direction. */
export function mostOffsetMs({ fromMs, toMs }: ClockInterval): number {
  return Math.max(Math.abs(fromMs), Math.abs(toMs))
}

/** Both clocks against ours at the time of a decision; null: unknown. */
export interface ClocksNow {
  readonly crm: ClockInterval | null
  readonly emarketeer: ClockInterval | null
  readonly nowMs: number
}

/** A stamp that compares with times of the other system. */
export interface ComparableStamp {
  readonly atMs: number
  readonly epsMs: number
}

/**
 * A stamp of the CRM, comparable with eMarketeer's times. null: it proves nothing, because a clock is unknown, the
 * clocks differ too much, or the stamp lies in the future.
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

/**
 * Makes a stamp whose error against our clock is known comparable with times of another system. null: it proves
 * nothing, because that system's clock is unknown or too far from ours.
 */
export function comparableAcross<T extends ComparableStamp>(
  stamp: T,
  clock: ClockInterval | null,
): T | null {
  const offsetMs = clock === null ? Number.POSITIVE_INFINITY : mostOffsetMs(clock)
  return offsetMs > MAX_CLOCK_OFFSET_MS ? null : { ...stamp, epsMs: stamp.epsMs + offsetMs }
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
