import { describe, expect, it } from '@jest/globals'
import fc from 'fast-check'
import { shardsOf } from '../../src/workflows/pre-send/prepare-sendout.js'

describe('shards of a sendout', () => {
  it.each([
    [0, 0],
    [1, 1],
    [25_000, 1],
    [25_001, 2],
    [100_000, 4],
    [400_000, 16],
    [1_000_000, 16],
  ])('for %d contacts are %d', (targeted, shards) => {
    expect(shardsOf(targeted)).toHaveLength(shards)
  })

  it('are at most 16, none empty, and hold every position exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000_000 }), (targeted) => {
        const shards = shardsOf(targeted)
        expect(shards.length).toBeLessThanOrEqual(16)
        let next = 0
        for (const { from, to } of shards) {
          expect(from).toBe(next)
          expect(to).toBeGreaterThan(from)
          next = to
        }
        expect(next).toBe(targeted)
      }),
    )
  })
})
