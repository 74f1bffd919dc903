import { defaultActivities } from './default-activities.js'
import type { FakeWorld } from './fake-world.js'
import type { Activities, ActivityName, InputOf } from './activity-types.js'

/** Activities for a worker that outlives tests. Each calls the world that is current at the time of the call. */
export function delegatingActivities(current: () => FakeWorld): Activities {
  const names = Object.keys(defaultActivities()) as ActivityName[]
  return Object.fromEntries(
    names.map((name) => [name, (input: InputOf<typeof name>) => current().perform(name, input)]),
  ) as unknown as Activities
}
