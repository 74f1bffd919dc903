import { describe, expect, it } from '@jest/globals'
import { endTogether, type Part } from '../../src/workers/end-together.js'

/** Works until it is stopped, or ended from outside. */
function part() {
  let end!: (error?: Error) => void
  const ended = new Promise<void>((resolve, reject) => {
    end = (error) => (error ? reject(error) : resolve())
  })
  const stops: string[] = []
  const made: Part = {
    run: () => ended,
    stop: () => {
      stops.push('stop')
      end()
    },
  }
  return { part: made, end, stops }
}

describe('parts of one process', () => {
  it('end with the first cause where one of them fails, whatever the others do then', async () => {
    const [first, second, third] = [part(), part(), part()]
    const running = endTogether([first.part, second.part, third.part], new AbortController().signal)
    second.end(new Error('the poller has failed'))
    await expect(running).rejects.toThrow('the poller has failed')
    expect([first.stops.length > 0, third.stops.length > 0]).toEqual([true, true])
  })

  it('end with an error where one of them ends by itself', async () => {
    const [first, second] = [part(), part()]
    const running = endTogether([first.part, second.part], new AbortController().signal)
    first.end()
    await expect(running).rejects.toThrow('ended by itself')
    expect(second.stops.length).toBeGreaterThan(0)
  })

  it('end well when they are stopped', async () => {
    const [first, second] = [part(), part()]
    const stop = new AbortController()
    const running = endTogether([first.part, second.part], stop.signal)
    stop.abort()
    await running
  })

  it('end immediately where they were stopped before', async () => {
    const stop = new AbortController()
    stop.abort()
    await endTogether([part().part], stop.signal)
  })
})
