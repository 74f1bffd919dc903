import { afterAll, beforeAll, beforeEach } from '@jest/globals'
import { Client, Connection } from '@temporalio/client'
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { ISOLATE_TIME } from '../../../src/workers/run-workers.js'
import { QUEUES } from '../../../src/contracts/names.js'
import { startTemporalServer } from '../../../dev/embedded/temporal-server.js'
import { provisionTimeoutMs } from '../../support/ask-broker.js'
import { workflowBundle } from '../../support/workflow-bundle.js'
import { delegatingActivities } from './delegating-activities.js'
import { FakeWorld } from './fake-world.js'

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
})

/** From this number of events on, the server suggests to continue as new; its default is 4,096. */
export const SUGGESTED_FROM = 200

/** Real workflows on a server of the test file's own that considers histories of a few hundred events long. */
export interface ShortHistories {
  readonly client: Client
  /** The activities; a new world of defaults at the beginning of every test. */
  world: FakeWorld
}

/** Starts server and worker for the queue `setup` for the test file. `client` is available from `beforeAll` on. */
export function withShortHistories(): ShortHistories {
  const ends: (() => Promise<unknown>)[] = []
  let client: Client | undefined
  const given: { world: FakeWorld } = { world: new FakeWorld() }
  beforeAll(async () => {
    const settings = [`limit.historyCount.suggestContinueAsNew=${SUGGESTED_FROM}`]
    const server = await startTemporalServer({ settings })
    ends.push(() => server.stop())
    const connection = await Connection.connect({ address: server.address })
    ends.push(() => connection.close())
    const native = await NativeConnection.connect({ address: server.address })
    ends.push(() => native.close())
    client = new Client({ connection })
    const worker = await Worker.create({
      ...ISOLATE_TIME,
      connection: native,
      taskQueue: QUEUES.setup,
      workflowBundle: await workflowBundle(),
      activities: delegatingActivities(() => given.world),
    })
    const running = worker.run()
    ends.push(async () => {
      worker.shutdown()
      await running
    })
  }, provisionTimeoutMs)
  beforeEach(() => {
    given.world = new FakeWorld()
  })
  afterAll(async () => {
    for (const end of ends.reverse()) {
      await end()
    }
  })
  return {
    get client() {
      if (client === undefined) {
        throw new Error('The client is there from beforeAll on')
      }
      return client
    },
    get world() {
      return given.world
    },
    set world(world) {
      given.world = world
    },
  }
}
