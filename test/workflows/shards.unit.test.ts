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
    expect(shardsOf(targeted, null)).toHaveLength(shards)
  })

  it.each([
    [0, 0, 0],
    [100_000, 0, 1],
    [1_000_001, 0, 2],
    [100_000, 200, 1],
    [100_000, 5_001, 2],
    [10, 20_000, 1],
  ])('for %d contacts of whom %d may have something to sync are %d', (targeted, open, shards) => {
    const found = shardsOf(targeted, open)
    expect(found).toHaveLength(shards)
    expect(found.map((shard) => shard.open)).toEqual(
      Array.from({ length: shards }, () => Math.ceil(open / shards)),
    )
  })

  it('are at most 16, none empty, and hold every position exactly once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3_000_000 }),
        fc.option(fc.nat(20_000)),
        (targeted, open) => {
          const shards = shardsOf(targeted, open)
          expect(shards.length).toBeLessThanOrEqual(16)
          let next = 0
          for (const { from, to } of shards) {
            expect(from).toBe(next)
            expect(to).toBeGreaterThan(from)
            expect(to - from).toBeLessThanOrEqual(1_000_000)
            next = to
          }
          expect(next).toBe(targeted)
        },
      ),
    )
  })
})
