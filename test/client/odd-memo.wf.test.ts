import { expect, it } from '@jest/globals'
import { connectTemporal } from '../../src/config/temporal/temporal.js'
import { encoded } from '../workflows/support/bad-payloads.js'
import { withTemporal } from '../support/with-temporal.js'

const temporal = withTemporal()

it('a workflow with a memo in an unknown encoding can be looked at by our commands', async () => {
  const { namespace, address } = temporal
  await temporal.client.workflowService.startWorkflowExecution({
    namespace,
    workflowId: 'setup/acme',
    requestId: 'odd',
    workflowType: { name: 'dynamicsSetup' },
    taskQueue: { name: 'setup' },
    memo: { fields: { note: encoded('binary/unknown', new Uint8Array([1, 2])) } },
  })
  const ours = await connectTemporal({ TEMPORAL_ADDRESS: address, TEMPORAL_NAMESPACE: namespace })
  try {
    const { type } = await ours.client.workflow.getHandle('setup/acme').describe()
    expect(type).toBe('dynamicsSetup')
  } finally {
    await ours.connection.close()
  }
})
