import { describe, expect, it } from '@jest/globals'
import { UpstreamError } from '../../src/http/index.js'
import { breakerTripOf, toAppError } from '../../src/connection/to-app-error.js'

function throttled(retryAfterSeconds: number | null): UpstreamError {
  return new UpstreamError({
    code: 'upstream_rate_limited',
    system: 'dynamics',
    status: 429,
    retryable: true,
    mayHaveBeenApplied: false,
    retryAfterSeconds,
    operation: 'GET /contacts',
    message: 'answered 429',
  })
}

describe('an error that nobody expected', () => {
  it.each([
    [Object.assign(new Error('Key (address)=(Anna Berg)'), { code: '23505' }), 'Error, 23505'],
    [new TypeError('Anna Berg'), 'TypeError'],
    [Object.assign(new Error('x'), { name: 'Anna Berg', code: '+46 70 123 45 67' }), 'unknown'],
    ['Anna Berg', 'unknown'],
  ])('is told by its kind, never by its words: %p', (thrown, kind) => {
    const { code, message, value, path } = toAppError(thrown)
    expect({ code, message, value, path }).toEqual({
      code: 'internal',
      message: `Something unexpected went wrong (${kind}).`,
      value: null,
      path: null,
    })
  })
})

describe('a system that is too busy', () => {
  it('is left alone for as long as it says', () => {
    expect(toAppError(throttled(7)).retryAfterMs).toBe(7_000)
    expect(breakerTripOf(throttled(7))?.forMs).toBe(7_000)
  })

  it.each([null, 0])(
    'is left alone for a while where it names no time (%p), and tried again with growing pauses',
    (seconds) => {
      expect(toAppError(throttled(seconds)).retryAfterMs).toBeNull()
      expect(breakerTripOf(throttled(seconds))?.forMs).toBe(15_000)
    },
  )
})
