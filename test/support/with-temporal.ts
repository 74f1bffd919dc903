import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from '@jest/globals'
import { Client, Connection } from '@temporalio/client'
import { msToTs } from '@temporalio/common/lib/time.js'
import { NativeConnection } from '@temporalio/worker'
import { askBroker, provisionTimeoutMs } from './ask-broker.js'
import { registerSearchAttributes } from './register-search-attributes.js'

/** The run's real Temporal server, and a test file's own namespace on it. */
export interface TestTemporal {
  readonly address: string
  /** The names of task queues are fixed, so files that run at the same time must not share a namespace. */
  readonly namespace: string
  /** Starts and controls workflows in that namespace. */
  readonly client: Client
  /** For `Worker.create`, with `namespace`. */
  readonly nativeConnection: NativeConnection
}

/** Creates a Temporal namespace for the test file (or `describe`). Its members are available from `beforeAll` on. */
export function withTemporal(): TestTemporal {
  const given: { -readonly [Key in keyof TestTemporal]?: TestTemporal[Key] } = {}
  beforeAll(async () => {
    const { address } = await askBroker('temporal')
    const namespace = `test-${randomBytes(6).toString('hex')}`
    const connection = await Connection.connect({ address })
    await connection.workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    })
    given.address = address
    given.namespace = namespace
    given.client = new Client({ connection, namespace })
    given.nativeConnection = await NativeConnection.connect({ address })
    await registerSearchAttributes(connection, namespace)
  }, provisionTimeoutMs)
  afterAll(async () => {
    await given.nativeConnection?.close()
    // Our own server ends with the run; a given one is left as it was.
    if (process.env['TEMPORAL_ADDRESS'] && given.namespace !== undefined) {
      await given.client?.connection.operatorService?.deleteNamespace({
        namespace: given.namespace,
      })
    }
    await given.client?.connection.close()
  })
  return new Proxy(given as TestTemporal, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key)
      if (value === undefined) {
        throw new Error(`Temporal's ${String(key)} is there from beforeAll on`)
      }
      return value
    },
  })
}
