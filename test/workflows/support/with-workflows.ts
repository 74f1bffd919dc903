import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import type { TestWorkflowEnvironment } from '@temporalio/testing'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { ISOLATE_TIME } from '../../../src/workers/isolate-time.js'
import { provisionTimeoutMs } from '../../support/ask-broker.js'
import { timeSkippingEnvironment } from '../../support/with-time-skipping.js'
import { workflowBundle } from '../../support/workflow-bundle.js'
import { delegatingActivities } from './delegating-activities.js'
import { FakeWorld, type Activities } from './fake-world.js'

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

/** The real workflow bundle on a time-skipping server, with activities that a test chooses. */
export interface TestWorkflows {
  readonly environment: TestWorkflowEnvironment
  /** Queue that everything is started on; children inherit it. */
  readonly taskQueue: string
  /** Whatever activities do from now on; a fresh world of defaults at the beginning of every test. */
  world(overrides?: Partial<Activities>): FakeWorld
}

/** Gives the test file one server and one worker; its members are there from `beforeAll` on. */
export function withWorkflows(): TestWorkflows {
  const taskQueue = 'workflows-under-test'
  let current = new FakeWorld()
  let environment: TestWorkflowEnvironment | undefined
  let running: Promise<void> | undefined
  let worker: Worker | undefined
  beforeAll(async () => {
    environment = await timeSkippingEnvironment()
    worker = await Worker.create({
      ...ISOLATE_TIME,
      connection: environment.nativeConnection,
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
  afterAll(async () => {
    worker?.shutdown()
    await running
    await environment?.teardown()
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
