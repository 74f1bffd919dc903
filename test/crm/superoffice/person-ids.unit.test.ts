import { expect, it } from '@jest/globals'
import { StampWatch, PersonIds } from '../../../src/crm/superoffice/reading/stamp-watch.js'

const MANY = 1_000_000
/** A `Set` of as many numbers takes more than twenty. */
const MOST_BYTES = 2_000_000

/** Bytes that the work added to the process's memory, as far as it is reachable or not collected yet. */
function bytesOf(work: () => unknown): number {
  const used = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage()
    return heapUsed + arrayBuffers
  }
  const before = used()
  work()
  return used() - before
}

it('knows which ids are new', () => {
  const ids = new PersonIds()
  const added = [1, 31, 32, 4_095, 4_096, 2_147_483_647, 1, 4_096, 2_147_483_647, 33]
  expect(added.map((id) => ids.add(id))).toEqual([
    ...Array.from({ length: 6 }, () => true),
    ...Array.from({ length: 3 }, () => false),
    true,
  ])
})

it('holds a million ids in less than two megabytes', () => {
  const ids = new PersonIds()
  const bytes = bytesOf(() => {
    for (let id = 1; id <= MANY; id += 1) {
      ids.add(id)
    }
  })
  expect(bytes).toBeLessThan(MOST_BYTES)
  expect(ids.add(MANY)).toBe(false)
})

it('names the twenty persons whose times are furthest ahead, and counts the others once each', () => {
  const dayMs = 86_400_000
  const stamps = new StampWatch({ watermarkMs: 0, sinceMs: 0 }, () => 0)
  for (let id = 1; id <= 100; id += 1) {
    stamps.saw(id, 2 * dayMs + id)
    stamps.saw(id, 3 * dayMs + id, null)
  }
  const { count, records } = stamps.future
  expect(count).toBe(100)
  expect(records.map(({ contactId }) => contactId)).toEqual(
    Array.from({ length: 20 }, (_, n) => String(100 - n)),
  )
  expect(records[0]!.at).toBe(new Date(3 * dayMs + 100).toISOString())
})
