import { defaultActivities } from './default-activities.js'
import type { FakeWorld } from './fake-world.js'
import type { Activities, ActivityName, InputOf } from './activity-types.js'

/** Activities for a worker that outlives tests: each goes to the world that is current when it is called. */
export function delegatingActivities(current: () => FakeWorld): Activities {
  const names = Object.keys(defaultActivities()) as ActivityName[]
  return Object.fromEntries(
    names.map((name) => [name, (input: InputOf<typeof name>) => current().perform(name, input)]),
  ) as unknown as Activities
}
