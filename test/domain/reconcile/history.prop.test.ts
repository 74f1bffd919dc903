import { describe, it } from '@jest/globals'
import fc from 'fast-check'
import { isPositive } from '../../../src/domain/legal-basis.js'
import {
  begin,
  histories,
  historiesWithOwnBasis,
  historiesWithSavedCards,
  pick,
  play,
  runPass,
  sendable,
  type History,
} from './history.js'
import { isDeny, OWN, type World } from './world.js'
import { check, expect } from './check.js'
import { FOUND_HISTORIES } from './found-histories.js'

/**
 * Runs undisturbed passes until one writes nothing and changes nothing stored. @returns the number that wrote, and the
 * writes.
 */
function settle(world: World): { readonly passes: number; readonly writes: number } {
  world.late = null
  let passes = 0
  let writes = 0
  for (let i = 0; i < 6; i += 1) {
    const before = world.memory
    const wrote = runPass(world)
    passes += wrote > 0 ? 1 : 0
    writes += wrote
    if (wrote === 0 && isSame(before, world.memory)) {
      return { passes, writes }
    }
  }
  throw new Error('I6 never quiet')
}

/**
 * Compares plain values, which a memory consists of. In a million cases it takes a third of the time of comparing their
 * JSON.
 */
function isSame(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) {
    return Object.is(one, other)
  }
  const keys = Object.keys(one)
  return (
    keys.length === Object.keys(other).length && keys.every((key) => isSame(one[key], other[key]))
  )
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}

function atRest(history: History): {
  readonly world: World
  readonly passes: number
  readonly writes: number
} {
  const world = begin(history)
  play(world, history.events)
  return { world, ...settle(world) }
}

describe.each([
  ['toggle CRM', false, (records: number) => histories(false, records)],
  ['rich CRM', true, (records: number) => histories(true, records)],
  ["rich CRM with a basis of the tenant's own", true, historiesWithOwnBasis],
  ['rich CRM where cards are saved at any moment', true, historiesWithSavedCards],
])('any history of a %s', (_, rich, all) => {
  const found = FOUND_HISTORIES.filter((history) => history.rich === rich).map(
    (history): [History] => [history],
  )

  it('never sends over a deny, loosens over one it read, or makes up a basis (G, I2, I3, I4, I6)', () => {
    check(
      fc.property(all(3), (history) => {
        expect(atRest(history).world.violations).toEqual([])
      }),
      found,
    )
  })

  it('rests denied on both sides when the last act was a deny (I1)', () => {
    check(
      fc.property(all(3), (history) => {
        const { world } = atRest(history)
        if (!world.lastActDenies) {
          return
        }
        // A younger person's withdrawal stays on its row, and closes the gate (C5).
        expect(sendable(world)).toBe(false)
        const onTwin =
          rich &&
          world
            .live()
            .slice(1)
            .some((row) => isDeny(row.value))
        if (!onTwin) {
          expect([world.basis, ...world.live().map((row) => isDeny(row.value))]).toEqual([
            'withdrawn',
            ...world.live().map(() => true),
          ])
        }
      }),
      found,
    )
  })

  it('converges in one pass, two where records joined or left, and then is quiet (I5, I6, I8)', () => {
    check(
      fc.property(all(1), (history) => {
        const { passes, writes } = atRest(history)
        expect(passes).toBeLessThanOrEqual(1)
        expect(writes).toBeLessThanOrEqual(rich ? 2 : 1)
      }),
    )
    check(
      fc.property(all(3), (history) => {
        expect(atRest(history).passes).toBeLessThanOrEqual(2)
      }),
      found,
    )
  })

  it('ends the same however often a pass is repeated (I7, F2)', () => {
    check(
      fc.property(all(3), fc.integer({ min: 1, max: 4 }), (history, repeats) => {
        const once = atRest(history).world
        const often = begin(history)
        play(often, history.events)
        often.late = null
        for (let i = 0; i < repeats; i += 1) {
          runPass(often)
        }
        settle(often)
        expect([often.basis, ...often.rows.map((row) => row.value)]).toEqual([
          once.basis,
          ...once.rows.map((row) => row.value),
        ])
      }),
    )
  })

  it('lets the last positive act win in a settled history', () => {
    check(
      fc.property(all(1), (history) => {
        const world = begin(history)
        const acts = history.events.filter(({ kind }) => kind === 'emarketeer' || kind === 'crm')
        for (const act of acts) {
          settle(world)
          const before = world.nowMs
          play(world, [act])
          expect(world.nowMs > before).toBe(true)
        }
        settle(world)
        // A basis that no file maps neither makes anybody mailable, nor ends a withdrawal (C2).
        const last = acts.at(-1)
        const chosen = last?.kind === 'crm' ? pick(world.choices, last.value) : null
        const unmapped = world.mapping.size === 0 && [chosen, world.live()[0]?.value].includes(OWN)
        if (acts.length > 0 && !world.lastActDenies && world.basis !== 'none' && !unmapped) {
          expect(isPositive(world.basis)).toBe(true)
          expect(sendable(world)).toBe(true)
        }
      }),
    )
  })
})
