import { describe, expect, it } from '@jest/globals'
import { readClock } from '../../src/http/clock-reading.js'
import { parseRetryAfter } from '../../src/http/retry-after.js'

describe('Retry-After', () => {
  const now = Date.UTC(2026, 10, 21, 9, 0, 0, 400)
  it.each([
    ['7', 7],
    [' 1.2 ', 2],
    ['0', 0],
    ['Sat, 21 Nov 2026 09:00:30 GMT', 30],
    ['Sat, 21 Nov 2026 08:00:00 GMT', 0],
    ['-5', null],
    ['1e3', null],
    ['soon', null],
    ['', null],
    [undefined, null],
  ])('%j is %j seconds', (header, seconds) => {
    expect(parseRetryAfter(header, now)).toBe(seconds)
  })
})

describe('the clock of a server', () => {
  it('is read at the middle of the exchange, half a second into its second', () => {
    const sent = Date.UTC(2026, 10, 21, 9, 0, 0)
    expect(readClock('dynamics', 'Sat, 21 Nov 2026 09:01:00 GMT', sent, sent + 200)).toEqual({
      system: 'dynamics',
      offsetMs: 60_000 + 500 - 100,
      roundTripMs: 200,
      resolutionMs: 1000,
    })
  })
  it('is unknown without a date', () => {
    expect(readClock('dynamics', undefined, 0, 1)).toBeNull()
    expect(readClock('dynamics', 'yesterday', 0, 1)).toBeNull()
  })
})
