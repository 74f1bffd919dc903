import { describe, expect, it } from '@jest/globals'
import { NextFlight } from '../../src/http/index.js'

/** Runs that end on command; each is noted when it begins. */
function runs() {
  const begun: string[] = []
  const ends = new Map<string, { resolve: () => void; reject: (error: Error) => void }>()
  const work = (name: string) => () => {
    begun.push(name)
    return new Promise<void>((resolve, reject) => ends.set(name, { resolve, reject }))
  }
  return { begun, work, end: (name: string) => ends.get(name)! }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 9; turn += 1) {
    await new Promise(setImmediate)
  }
}

function noting(promise: Promise<void>) {
  const seen = { result: 'waits' }
  void promise.then(
    () => (seen.result = 'done'),
    (error: unknown) => (seen.result = (error as Error).message),
  )
  return seen
}

describe('NextFlight', () => {
  it('shares among all who come meanwhile one run that begins after them', async () => {
    const flight = new NextFlight()
    const { begun, work, end } = runs()
    const a = noting(flight.run(work('a'), undefined))
    await settle()
    const b = noting(flight.run(work('b'), undefined))
    const c = noting(flight.run(work('c'), undefined))
    await settle()
    expect(begun).toEqual(['a'])
    end('a').resolve()
    await settle()
    // The run that was in progress is not enough for those who came during it.
    expect([a.result, b.result, c.result]).toEqual(['done', 'waits', 'waits'])
    expect(begun).toEqual(['a', 'b'])
    const d = noting(flight.run(work('d'), undefined))
    end('b').resolve()
    await settle()
    expect([b.result, c.result, d.result]).toEqual(['done', 'done', 'waits'])
    expect(begun).toEqual(['a', 'b', 'd'])
  })

  it('tells a failure to all who share the run, and begins the next one', async () => {
    const flight = new NextFlight()
    const { begun, work, end } = runs()
    void flight.run(work('a'), undefined)
    await settle()
    const b = noting(flight.run(work('b'), undefined))
    const c = noting(flight.run(work('c'), undefined))
    end('a').resolve()
    await settle()
    end('b').reject(new Error('refused'))
    await settle()
    expect([b.result, c.result]).toEqual(['refused', 'refused'])
    void flight.run(work('d'), undefined)
    await settle()
    expect(begun).toEqual(['a', 'b', 'd'])
  })

  it.each(['before', 'after'])(
    'lets another take over if the caller of a run is cancelled %s it begins',
    async (when) => {
      const flight = new NextFlight()
      const { begun, work, end } = runs()
      void flight.run(work('a'), undefined)
      await settle()
      const leader = new AbortController()
      const b = noting(flight.run(work('b'), leader.signal))
      const c = noting(flight.run(work('c'), undefined))
      const d = noting(flight.run(work('d'), undefined))
      if (when === 'before') {
        leader.abort(new Error('cancelled'))
        await settle()
        expect(b.result).toBe('cancelled')
        end('a').resolve()
      } else {
        end('a').resolve()
        await settle()
        leader.abort(new Error('cancelled'))
        end('b').reject(new Error('cancelled'))
      }
      await settle()
      expect([b.result, c.result, d.result]).toEqual(['cancelled', 'waits', 'waits'])
      expect(begun).toEqual(when === 'before' ? ['a', 'c'] : ['a', 'b', 'c'])
      end('c').resolve()
      await settle()
      expect([c.result, d.result]).toEqual(['done', 'done'])
    },
  )

  it('no longer awaits a run when the caller is cancelled', async () => {
    const flight = new NextFlight()
    const { work } = runs()
    void flight.run(work('a'), undefined)
    void flight.run(work('b'), undefined)
    const sharer = new AbortController()
    const c = noting(flight.run(work('c'), sharer.signal))
    sharer.abort(new Error('cancelled'))
    await settle()
    expect(c.result).toBe('cancelled')
  })
})
