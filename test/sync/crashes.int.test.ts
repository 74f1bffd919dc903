import { expect, it } from '@jest/globals'
import { mortal } from './support/mortal.js'
import type { NewPerson, Person } from './support/person.js'
import { truthOf } from './support/truth.js'
import { withWorld } from './support/world.js'

const world = withWorld()

/** The events of a person, and the states in which everything may come to rest after a crash. */
interface Story {
  readonly title: string
  readonly start: NewPerson
  readonly act: (person: Person) => Promise<void>
  readonly ends: readonly (readonly [basis: string, toggle: 'allow' | 'deny'])[]
}

const STORIES: readonly Story[] = [
  {
    title: 'an opt-out in eMarketeer',
    start: { basis: 'legitimateInterest' },
    act: (person) => person.unsubscribe(),
    ends: [['withdrawn', 'deny']],
  },
  {
    title: 'an opt-out in Dynamics',
    start: { basis: 'legitimateInterest' },
    act: (person) => person.flip('deny'),
    ends: [['withdrawn', 'deny']],
  },
  {
    // The crash may lose the proof: then the restrictive value stays until somebody acts again.
    title: 'a new basis in eMarketeer',
    start: { basis: 'withdrawn', toggles: ['deny'] },
    act: (person) => person.consents('legitimateInterest'),
    ends: [
      ['legitimateInterest', 'allow'],
      ['withdrawn', 'deny'],
    ],
  },
  {
    title: 'an Allow in Dynamics',
    start: { basis: 'withdrawn', toggles: ['deny'] },
    act: (person) => person.flip('allow'),
    ends: [
      ['consent', 'allow'],
      ['withdrawn', 'deny'],
    ],
  },
]

/** More than a pass has, so that the last runs complete. */
const MAX_STEPS = 130

it('survives a crash at every step of a pass, whatever the pass was about', async () => {
  const casts: Person[][] = []
  for (let step = 1; step <= MAX_STEPS; step += 1) {
    casts.push(await Promise.all(STORIES.map(({ start }) => world.now.person(start))))
  }
  await world.now.sweep()
  let step = 0
  for (const cast of casts) {
    step += 1
    await Promise.all(STORIES.map(({ act }, n) => act(cast[n]!)))
    const life = mortal(step)
    await world.now.sweep(life.twist).catch((error: unknown) => {
      if (!life.over) {
        throw error
      }
    })
    await world.now.timePasses()
    await world.now.sweep()
    const truth = await truthOf(world.now)
    for (const [n, { title, ends }] of STORIES.entries()) {
      const { basis, toggles } = truth(cast[n]!.email)
      const expected = life.over ? ends : ends.slice(0, 1)
      expect([step, title, expected]).toEqual([
        step,
        title,
        expect.arrayContaining([[basis, toggles[0]]]),
      ])
    }
    if (!life.over) {
      break
    }
  }
  expect(step).toBeGreaterThan(20)
  expect(step).toBeLessThan(MAX_STEPS)
}, 480_000)
