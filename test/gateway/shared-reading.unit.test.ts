import { describe, expect, it } from '@jest/globals'
import { keptFor, SharedReading } from '../../src/gateway/shared-reading.js'

/** A reading that the test ends. */
function readings() {
  const open: { end(value: number): void; fail(error: Error): void }[] = []
  const began: number[] = []
  const read = () =>
    new Promise<number>((resolve, reject) => {
      began.push(performance.now())
      open.push({ end: resolve, fail: reject })
    })
  return { open, began, read }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a shared reading', () => {
  it('is one for all who ask before it begins, and a further one for who asks after', async () => {
    const { open, began, read } = readings()
    const shared = new SharedReading(read, 0)
    const first = [shared.newer(), shared.newer()]
    await turn()
    const later = [shared.newer(), shared.newer()]
    await turn()
    expect(began).toHaveLength(1)
    open[0]?.end(1)
    expect(await Promise.all(first)).toEqual([1, 1])
    await turn()
    open[1]?.end(2)
    expect(await Promise.all(later)).toEqual([2, 2])
    expect(began).toHaveLength(2)
  })

  it('does not come more often than it may', async () => {
    const { open, began, read } = readings()
    const shared = new SharedReading(read, 50)
    for (let n = 0; n < 3; n += 1) {
      const reading = shared.newer()
      while (open.length <= n) {
        await turn()
      }
      open[n]?.end(n)
      expect(await reading).toBe(n)
    }
    // Either timer may be up to a millisecond early, as Node's timers are.
    expect(began[2]! - began[0]!).toBeGreaterThanOrEqual(98)
  })

  it('that fails, fails for those who waited for it only', async () => {
    const { open, read } = readings()
    const shared = new SharedReading(read, 0)
    const failing = shared.newer()
    await turn()
    open[0]?.fail(new Error('away'))
    await expect(failing).rejects.toThrow('away')
    const next = shared.newer()
    await turn()
    open[1]?.end(7)
    expect(await next).toBe(7)
  })
})

describe('what is kept for a while', () => {
  it('is read once for all who ask meanwhile, a failure too', async () => {
    const { open, began, read } = readings()
    const kept = keptFor(60_000, read)
    const asked = [kept(), kept()]
    open[0]?.end(3)
    expect(await Promise.all([...asked, kept()])).toEqual([3, 3, 3])
    expect(began).toHaveLength(1)
  })

  it('is read again afterwards', async () => {
    const { open, began, read } = readings()
    const kept = keptFor(0, read)
    const first = kept()
    open[0]?.end(1)
    await first
    void kept()
    expect(began).toHaveLength(2)
  })
})
