import { describe, expect, it } from '@jest/globals'
import type { Archive } from '../../../src/crm/superoffice/archive/archive.js'
import { listKnowing } from '../../../src/crm/superoffice/archive/list-in.js'
import { isOneOf } from '../../../src/crm/superoffice/wire/filter.js'

const KEY = 'personId'

/** Answers persons by their ids; of the odd ones it does not tell whose row it is. `givesMoreThan`: what it is known to give. */
function archiveOf(odd: ReadonlySet<number>, givesMoreThan: boolean) {
  const calls = { count: 0 }
  const archive = {
    pieceSize: { most: () => 1_000, tooMany: () => null },
    givesMoreThan: () => Promise.resolve(givesMoreThan),
    page: ({ filter }: { readonly filter: string }) => {
      calls.count += 1
      const after = Number(/gt (\d+)$/.exec(filter)?.[1])
      const asked = /\(([\d, ]+)\)/.exec(filter)?.[1]?.split(',').map(Number) ?? []
      const rows = asked
        .filter((id) => odd.has(id) || id > after)
        .map((id) => (odd.has(id) ? { [KEY]: null } : { [KEY]: id }))
      return Promise.resolve({ rows: after > 0 ? [] : rows, nextQuery: null })
    },
  } as unknown as Archive
  return { archive, calls }
}

async function listed(odd: readonly number[], givesMoreThan = true) {
  const { archive, calls } = archiveOf(new Set(odd), givesMoreThan)
  const { rows, unknown } = await listKnowing(
    archive,
    {
      values: Array.from({ length: 512 }, (_, at) => at + 1),
      rowsPerValue: 1,
      of: (piece) => ({
        provider: 'Person',
        select: [KEY],
        where: [isOneOf(KEY, piece)],
        key: KEY,
        name: 'test',
        end: 'shortPage',
      }),
    },
    (row, asked) => !asked.has(Number(row[KEY])),
    {},
  )
  return { rows: rows.length, unknown, calls: calls.count }
}

// "An odd value makes one record unreadable, never a page": whoever is not named with an odd row is known (docs/decisions/0047).
describe('rows that do not tell whose they are', () => {
  it.each([true, false])(
    'cost whose they are, and nobody else (long pages known: %s)',
    async (long) => {
      const { unknown, rows } = await listed([100], long)
      expect([...unknown]).toEqual([100])
      expect(rows).toBe(511)
    },
  )

  it('that are more than can be told apart leave few unknown, not all that come last', async () => {
    const { unknown, calls } = await listed([30, 140, 250, 370, 500])
    expect([30, 140, 250, 370, 500].every((id) => unknown.has(id))).toBe(true)
    expect(unknown.size).toBeLessThan(100)
    expect(calls).toBeLessThan(110)
  })
})
