import { describe, expect, it } from '@jest/globals'
import { oneAhead } from '../../../src/sync/mirror/one-ahead.js'

/** Pages 1 to `last`; each is noted when it is requested and when it arrives. */
async function* pagesTo(last: number, seen: string[], failsAt = Infinity): AsyncGenerator<number> {
  try {
    for (let page = 1; page <= last; page += 1) {
      seen.push(`ask ${String(page)}`)
      await new Promise(setImmediate)
      if (page === failsAt) {
        throw new Error(`page ${String(page)} cannot be read`)
      }
      seen.push(`come ${String(page)}`)
      yield page
    }
  } finally {
    seen.push('end')
  }
}

describe('oneAhead', () => {
  it('asks for the next page while the last is stored, and for no further one', async () => {
    const seen: string[] = []
    for await (const page of oneAhead(pagesTo(3, seen))) {
      seen.push(`store ${String(page)}`)
      // Long enough for more than one page.
      for (let turn = 0; turn < 10; turn += 1) {
        await new Promise(setImmediate)
      }
      seen.push(`stored ${String(page)}`)
    }
    expect(seen.slice(0, 8)).toEqual([
      'ask 1',
      'come 1',
      'ask 2',
      'store 1',
      'come 2',
      'stored 1',
      'ask 3',
      'store 2',
    ])
    expect(seen.slice(-2)).toEqual(['store 3', 'stored 3'])
  })

  it('hands out the pages before the one that fails, however early it fails', async () => {
    const seen: string[] = []
    const stored: number[] = []
    const run = async () => {
      for await (const page of oneAhead(pagesTo(3, seen, 2))) {
        // The failure has happened, and nobody waits for it yet.
        await new Promise((resolve) => setTimeout(resolve, 20))
        stored.push(page)
      }
    }
    await expect(run()).rejects.toThrow('page 2 cannot be read')
    expect(stored).toEqual([1])
    expect(seen.at(-1)).toBe('end')
  })

  it('reads nothing any more once its user has stopped', async () => {
    const seen: string[] = []
    const run = async () => {
      for await (const page of oneAhead(pagesTo(9, seen))) {
        throw new Error(`page ${String(page)} cannot be stored`)
      }
    }
    await expect(run()).rejects.toThrow('page 1 cannot be stored')
    expect(seen).toEqual(['ask 1', 'come 1', 'ask 2', 'come 2', 'end'])
  })
})
