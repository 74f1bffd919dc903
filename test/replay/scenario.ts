import type { Client } from '@temporalio/client'
import type { FakeWorld } from '../workflows/support/fake-world.js'
import type { Activities } from '../workflows/support/activity-types.js'

/** One way a workflow can go: what the outside does, and how it is started and steered. */
export interface Scenario {
  readonly activities: Partial<Activities>
  /** Starts it and waits until everything has happened. @returns ids of workflows, children too. */
  run(client: Client, world: FakeWorld, taskQueue: string): Promise<readonly string[]>
}
