import { describe, expect, it } from '@jest/globals'
import { readClock } from '../../src/http/create-http.js'
import { readRetryAfter } from '../../src/http/failures.js'

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
    expect(readRetryAfter(header, now)).toEqual({ retryAfterSeconds: seconds, askedToWait: null })
  })

  it.each([
    ['900', null],
    ['901', '901 seconds'],
    ['86400', '86400 seconds'],
    ['999999999', '999999999 seconds'],
    ['9'.repeat(400), '999999999999… seconds'],
    ['Fri, 01 Jan 2099 00:00:00 GMT', 'until 2099-01-01T00:00:00.000Z'],
  ])('%s keeps us away for a quarter of an hour at most, and is told', (header, askedToWait) => {
    expect(readRetryAfter(header, now)).toEqual({ retryAfterSeconds: 900, askedToWait })
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
