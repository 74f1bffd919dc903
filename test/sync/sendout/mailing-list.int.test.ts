import { describe, expect, it } from '@jest/globals'
import type { Person } from '../support/person.js'
import { preSend, readList } from '../support/pre-send.js'
import { withWorld } from '../support/world.js'

const world = withWorld()

/** At the edges of a statement and of a page, and behind a page without members. */
const POSITIONS = [0, 4_999, 5_000, 7_000, 19_999, 20_000, 45_000]
const WITHDRAWN = 7_000

describe('a list of more people than a page covers', () => {
  it('names each of them once, in order, and nobody who withdrew after the decision', async () => {
    const all: Person[] = []
    for (const position of POSITIONS) {
      all[position] = await world.now.person()
    }
    await world.now.sweep()
    const { result } = await preSend(world.now, {
      contactIds: Object.values(all).map(({ contactId }) => contactId),
    })
    expect(result.eligible).toBe(POSITIONS.length)
    await world.now.db.query(`UPDATE sendout_members SET position = ($1::int[])[position + 1]`, [
      POSITIONS,
    ])
    await world.now.db.query(`UPDATE sendout_runs SET targeted = 45001`)
    await all[WITHDRAWN]!.unsubscribe()
    const list = await readList(world.now, result.sendoutId)
    const expected = POSITIONS.filter((position) => position !== WITHDRAWN)
    expect(list.map(({ contactId }) => contactId)).toEqual(
      expected.map((position) => all[position]!.contactId),
    )
  })
})
