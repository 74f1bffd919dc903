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
  /** Queue that everything is started on; children inherit it. */
  readonly taskQueue: string
  /** Whatever activities do from now on; a fresh world of defaults at the beginning of every test. */
  world(overrides?: Partial<Activities>): FakeWorld
}

/**
 * Gives the test file (or `describe`) one worker, on a time-skipping server of its own or on the real one; its members are
 * there from `beforeAll` on.
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
