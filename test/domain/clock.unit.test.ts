import { describe, expect, it } from '@jest/globals'
import {
  clockBetween,
  clockNow,
  clockOfDate,
  clockOfWrite,
  comparableStamp,
  type ClockInterval,
  type ClockMeasurement,
} from '../../src/domain/clock.js'

const HOUR_MS = 3_600_000
const nowMs = Date.UTC(2026, 1, 24, 12)
const ahead = (fromMs: number, toMs = fromMs): ClockInterval => ({ fromMs, toMs })
const measured = (interval: ClockInterval, agoMs = 0, date?: ClockInterval): ClockMeasurement => ({
  ...interval,
  measuredAtMs: nowMs - agoMs,
  ...(date === undefined ? {} : { date }),
})

describe('a clock', () => {
  it('is measured by our own write: its true time lies between sending and answer', () => {
    const write = { sentAtMs: 10_000, answeredAtMs: 10_400 }
    expect(clockOfWrite(write, 10_150)).toEqual(ahead(-250, 150))
    // Full seconds, cut.
    expect(clockOfWrite(write, 10_000)).toEqual(ahead(-400, 1_000))
    expect(clockOfWrite(write, 3_610_000)).toEqual(ahead(3_599_600, 3_601_000))
  })

  it('is measured by the Date header, which has full seconds', () => {
    expect(clockOfDate({ offsetMs: 100, roundTripMs: 400, resolutionMs: 1_000 })).toEqual(
      ahead(-600, 800),
    )
  })

  it('is known by a write before the Date header, and after a day it is not known', () => {
    const byDate = measured(ahead(-500, 500))
    expect(clockNow({ byWrite: measured(ahead(10, 20), HOUR_MS), byDate }, nowMs)).toEqual(
      ahead(10, 20),
    )
    const old = measured(ahead(10, 20), 24 * HOUR_MS + 1)
    expect(clockNow({ byWrite: old, byDate }, nowMs)).toEqual(ahead(-500, 500))
    expect(clockNow({ byWrite: old, byDate: null }, nowMs)).toBeNull()
    expect(clockNow({ byWrite: null, byDate: old }, nowMs)).toBeNull()
    expect(clockNow({ byWrite: null, byDate: null }, nowMs)).toBeNull()
  })

  it('that was set since our write is as wide as both', () => {
    const byWrite = measured(ahead(10, 20), HOUR_MS, ahead(-500, 500))
    const byDate = measured(ahead(59_500, 60_500))
    expect(clockNow({ byWrite, byDate }, nowMs)).toEqual(ahead(10, 60_500))
    const drifted = measured(ahead(400, 1_400))
    expect(clockNow({ byWrite, byDate: drifted }, nowMs)).toEqual(ahead(10, 20))
  })

  it('is held against another as far as both are uncertain', () => {
    expect(clockBetween(ahead(100, 300), ahead(-50, 60))).toEqual(ahead(40, 350))
  })
})

describe('a stamp', () => {
  const stampMs = nowMs - 60_000
  const fine = stampMs + 1
  const eps = (ms: number, crm: ClockInterval, emarketeer: ClockInterval = ahead(0)) =>
    comparableStamp(ms, { crm, emarketeer, nowMs })?.epsMs

  it('is certain to two seconds at best, and to what the clocks may differ', () => {
    expect(eps(fine, ahead(0))).toBe(2_000)
    expect(eps(fine, ahead(-3_000, 500))).toBe(3_000)
    expect(eps(fine, ahead(30_000, 31_000), ahead(-500, 500))).toBe(31_500)
    // Both differ from ours by an hour, but not from each other.
    expect(eps(fine, ahead(HOUR_MS), ahead(HOUR_MS))).toBe(2_000)
  })

  it('of full seconds is less certain by one', () => {
    expect(eps(stampMs, ahead(-3_000, 500))).toBe(4_000)
    expect(eps(stampMs, ahead(0))).toBe(2_000)
  })

  it('is never corrected', () => {
    const clocks = { crm: ahead(30_000), emarketeer: ahead(0), nowMs }
    expect(comparableStamp(fine, clocks)?.atMs).toBe(fine)
  })

  it('proves nothing by an unknown clock, beyond five minutes, or from the future', () => {
    expect(comparableStamp(fine, { crm: null, emarketeer: ahead(0), nowMs })).toBeNull()
    expect(comparableStamp(fine, { crm: ahead(0), emarketeer: null, nowMs })).toBeNull()
    expect(eps(fine, ahead(300_000))).toBe(300_000)
    expect(eps(fine, ahead(-300_001))).toBeUndefined()
    expect(eps(nowMs + 2_000, ahead(0))).toBe(2_000)
    expect(eps(nowMs + 2_001, ahead(0))).toBeUndefined()
    expect(eps(nowMs + 62_000, ahead(60_000))).toBe(61_000)
  })
})
