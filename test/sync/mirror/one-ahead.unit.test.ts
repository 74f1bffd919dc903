import { describe, expect, it } from '@jest/globals'
import { eachOverlapping, oneAhead } from '../../../src/sync/mirror/one-ahead.js'

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

describe('eachOverlapping', () => {
  /** Works on pages that end when told to. */
  function works() {
    const begun: number[] = []
    const ends = new Map<
      number,
      { resolve: (goesOn?: boolean) => void; reject: (error: Error) => void }
    >()
    const work = (page: number) =>
      new Promise<boolean>((resolve, reject) => {
        begun.push(page)
        ends.set(page, { resolve: (goesOn = true) => resolve(goesOn), reject })
      })
    return { begun, work, end: (page: number) => ends.get(page)! }
  }
  const turns = async () => {
    for (let turn = 0; turn < 10; turn += 1) {
      await new Promise(setImmediate)
    }
  }

  it('works on two pages at once, and ends with the last', async () => {
    const { begun, work, end } = works()
    let ended = false
    const all = eachOverlapping(pagesTo(3, []), work).then(() => (ended = true))
    await turns()
    expect(begun).toEqual([1, 2])
    end(1).resolve()
    await turns()
    expect(begun).toEqual([1, 2, 3])
    end(2).resolve()
    await turns()
    expect(ended).toBe(false)
    end(3).resolve()
    await all
  })

  it('begins no page after work that ends it', async () => {
    const seen: string[] = []
    const { begun, work, end } = works()
    const all = eachOverlapping(pagesTo(4, seen), work)
    await turns()
    end(1).resolve(false)
    end(2).resolve()
    await all
    expect(begun).toEqual([1, 2])
    expect(seen.at(-1)).toBe('end')
  })

  it.each(['false', 'failed'] as const)(
    'begins no page if work ended before it (%s)',
    async (how) => {
      const seen: string[] = []
      const { begun, work, end } = works()
      let come = () => undefined as void
      const late = new Promise<void>((resolve) => (come = resolve))
      async function* pages() {
        for await (const page of pagesTo(3, seen)) {
          await (page === 2 ? late : null)
          yield page
        }
      }
      const all = eachOverlapping(pages(), work).then(
        () => 'false',
        (error: Error) => error.message,
      )
      await turns()
      if (how === 'false') {
        end(1).resolve(false)
      } else {
        end(1).reject(new Error('failed'))
      }
      await turns()
      come()
      expect(await all).toBe(how)
      expect(begun).toEqual([1])
      expect(seen.at(-1)).toBe('end')
    },
  )

  it.each(['work', 'page'] as const)(
    'throws the failure of a %s only after all work has ended',
    async (what) => {
      const seen: string[] = []
      const { begun, work, end } = works()
      let failed: unknown
      const all = eachOverlapping(pagesTo(4, seen, what === 'page' ? 3 : Infinity), work).catch(
        (error: unknown) => (failed = error),
      )
      await turns()
      if (what === 'work') {
        end(1).reject(new Error('work 1 failed'))
      } else {
        end(1).resolve()
      }
      await turns()
      expect([begun, failed]).toEqual([[1, 2], undefined])
      end(2).resolve()
      await all
      expect(String(failed)).toMatch(what === 'work' ? 'work 1 failed' : 'page 3 cannot be read')
      expect(seen.at(-1)).toBe('end')
    },
  )
})
