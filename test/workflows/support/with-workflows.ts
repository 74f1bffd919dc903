import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { ISOLATE_TIME } from '../../../src/workers/run-workers.js'
import { provisionTimeoutMs } from '../../support/ask-broker.js'
import { withTemporal } from '../../support/with-temporal.js'
import { timeSkippingEnvironment } from '../../support/with-time-skipping.js'
import { workflowBundle } from '../../support/workflow-bundle.js'
import { delegatingActivities } from './delegating-activities.js'
import { FakeWorld } from './fake-world.js'
import type { Activities } from './activity-types.js'

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

/** The real workflow bundle on a server, with activities that a test chooses. */
export interface TestWorkflows {
  readonly environment: TestWorkflowEnvironment
  /** The queue of every start; children inherit it. */
  readonly taskQueue: string
  /** Sets the activities from now on; a new world of defaults at the beginning of every test. */
  world(overrides?: Partial<Activities>): FakeWorld
}

/**
 * Starts one worker for the test file (or `describe`), on a time-skipping server of its own or on the real one. Its
 * members are available from `beforeAll` on.
 */
export function withWorkflows(server: 'time-skipping' | 'real' = 'time-skipping'): TestWorkflows {
  const taskQueue = 'workflows-under-test'
  let current = new FakeWorld()
  let environment: TestWorkflowEnvironment | undefined
  let running: Promise<void> | undefined
  let worker: Worker | undefined
  // Hooks of the end run in this order: the worker ends first, then its connection.
  afterAll(async () => {
    worker?.shutdown()
    await running
    await environment?.teardown()
  })
  const real = server === 'real' ? withTemporal() : null
  beforeAll(async () => {
    environment =
      real === null
        ? await timeSkippingEnvironment()
        : await TestWorkflowEnvironment.createFromExistingServer({
            address: real.address,
            namespace: real.namespace,
          })
    worker = await Worker.create({
      ...ISOLATE_TIME,
      connection: environment.nativeConnection,
      namespace: environment.namespace ?? 'default',
      taskQueue,
      workflowBundle: await workflowBundle(),
      activities: delegatingActivities(() => current),
      maxHeartbeatThrottleInterval: '100 milliseconds',
      defaultHeartbeatThrottleInterval: '100 milliseconds',
    })
    running = worker.run()
  }, provisionTimeoutMs)
  beforeEach(() => {
    current = new FakeWorld()
  })
  return {
    get environment() {
      if (environment === undefined) {
        throw new Error('The server is there from beforeAll on')
      }
      return environment
    },
    taskQueue,
    world(overrides) {
      current = new FakeWorld(overrides)
      return current
    },
  }
}
