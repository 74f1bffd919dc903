import { afterAll, beforeAll } from '@jest/globals'
import { TestWorkflowEnvironment } from '@temporalio/testing'
import { askBroker, provisionTimeoutMs } from './ask-broker.js'
import { registerSearchAttributes } from './register-search-attributes.js'

/**
 * Starts a Temporal server whose clock jumps while workflows only wait. The caller stops it. It does not list workflows
 * or support Schedules: for those, see `withTemporal`.
 */
export async function timeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const { path } = await askBroker('time-skipping-server')
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  })
  await registerSearchAttributes(environment.connection, environment.namespace ?? 'default')
  return environment
}

/** Starts a time-skipping server for the test file (or `describe`). `environment` is available from `beforeAll` on. */
export function withTimeSkipping(): { readonly environment: TestWorkflowEnvironment } {
  let environment: TestWorkflowEnvironment | undefined
  beforeAll(async () => {
    environment = await timeSkippingEnvironment()
  }, provisionTimeoutMs)
  afterAll(async () => {
    await environment?.teardown()
  })
  return {
    get environment() {
      if (environment === undefined) {
        throw new Error('The time-skipping server is there from beforeAll on')
      }
      return environment
    },
  }
}
