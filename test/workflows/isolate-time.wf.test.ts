import { expect, it } from '@jest/globals'
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker'
import { ISOLATE_TIME } from '../../src/workers/run-workers.js'
import { provisionTimeoutMs } from '../support/ask-broker.js'
import { timeSkippingEnvironment } from '../support/with-time-skipping.js'
import { workflowBundle } from '../support/workflow-bundle.js'

Runtime.install({ logger: new DefaultLogger('ERROR') })

it(
  'gives the code of a workflow a minute, which the types of the SDK do not promise',
  async () => {
    const environment = await timeSkippingEnvironment()
    try {
      const worker = await Worker.create({
        ...ISOLATE_TIME,
        connection: environment.nativeConnection,
        taskQueue: 'isolate-time',
        workflowBundle: await workflowBundle(),
      })
      expect(worker).toMatchObject({ options: { isolateExecutionTimeoutMs: 60_000 } })
      const running = worker.run()
      worker.shutdown()
      await running
    } finally {
      await environment.teardown()
    }
  },
  provisionTimeoutMs,
)
