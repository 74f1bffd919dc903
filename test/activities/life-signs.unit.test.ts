import { expect, it } from '@jest/globals'
import { LifeSigns } from '../../src/activities/perform.js'

const never = () => new Promise<never>(() => undefined)

/** A context that records its heartbeats; `beats(n)` resolves at the nth. */
function context(signal = new AbortController().signal) {
  const told: unknown[] = []
  const waiting: { readonly count: number; readonly resolve: () => void }[] = []
  return {
    told,
    cancellationSignal: signal,
    heartbeat: (details?: unknown) => {
      told.push(details)
      waiting.filter(({ count }) => told.length >= count).forEach(({ resolve }) => resolve())
    },
    beats: (count: number) => new Promise<void>((resolve) => waiting.push({ count, resolve })),
  }
}

it('beats by itself, and repeats how far the work is', async () => {
  const activity = context()
  const signs = new LifeSigns(activity, { beatMs: 5 })
  await signs.watch(async () => {
    await activity.beats(2)
    signs.beat({ done: 200, total: null })
    await activity.beats(activity.told.length + 3)
  })
  expect(activity.told.slice(0, 2)).toEqual([undefined, undefined])
  expect(new Set(activity.told.slice(2).map((told) => JSON.stringify(told)))).toEqual(
    new Set(['{"done":200,"total":null}']),
  )
  const after = activity.told.length
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(activity.told).toHaveLength(after)
})

it('gives up work that gives no sign, so that it is tried again, and takes its requests away', async () => {
  const activity = context()
  const signs = new LifeSigns(activity, { beatMs: 5, silentMs: 30 })
  await expect(signs.watch(never)).rejects.toMatchObject({
    code: 'timed_out',
    kind: { retryable: true },
  })
  expect(signs.signal.aborted).toBe(true)
  const after = activity.told.length
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(activity.told).toHaveLength(after)
})

it('goes on for as long as requests and statements end', async () => {
  const activity = context()
  const signs = new LifeSigns(activity, { beatMs: 5, silentMs: 200 })
  const busy = setInterval(signs.note, 5)
  await signs.watch(() => new Promise<void>((resolve) => setTimeout(resolve, 500)))
  clearInterval(busy)
  expect(signs.signal.aborted).toBe(false)
})

it('passes a cancellation on', async () => {
  const cancel = new AbortController()
  const signs = new LifeSigns(context(cancel.signal), { beatMs: 5 })
  const work = signs.watch(
    () =>
      new Promise((_, reject) => {
        signs.signal.addEventListener('abort', () => reject(signs.signal.reason as Error))
      }),
  )
  cancel.abort(new Error('cancelled'))
  await expect(work).rejects.toThrow('cancelled')
})
