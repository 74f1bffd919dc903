import type { Client } from '@temporalio/client'
import type { FakeWorld } from '../workflows/support/fake-world.js'
import type { Activities } from '../workflows/support/activity-types.js'

/** One course of a workflow: the behaviour of the outside, and how it is started and controlled. */
export interface Scenario {
  readonly activities: Partial<Activities>
  /** Starts it and waits until everything has happened. @returns ids of workflows, also of children. */
  run(client: Client, world: FakeWorld, taskQueue: string): Promise<readonly string[]>
}
