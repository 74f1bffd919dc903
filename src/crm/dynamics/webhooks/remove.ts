import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { CrmFacts } from '../../crm.js'
import type { DataverseClient } from '../client.js'
import type { DynamicsFacts } from '../facts.js'
import { endpointName, webhookEndpoints } from './endpoint.js'
import { stepsOf } from './steps-of.js'

/**
 * Ends the posting: first the steps, as an endpoint with steps is not deleted, then the endpoint. Ours has the
 * connection's name or the id in the facts; another connection's stays. Succeeds if nothing is there, and is safe to
 * repeat after a crash at any point (docs/wire-dataverse.md, 16.14).
 * @returns facts to change. @throws UpstreamError
 */
export async function removeWebhooks(
  client: DataverseClient,
  facts: DynamicsFacts,
  connectionId: string,
  context: CallContext,
): Promise<CrmFacts> {
  const known = facts.webhook?.endpointId?.toLowerCase()
  const endpoints = await webhookEndpoints(client, context)
  const ours = endpoints.filter(
    ({ id, name }) => name === endpointName(connectionId) || id === known,
  )
  for (const { id } of ours) {
    for (const { sdkmessageprocessingstepid } of await stepsOf(client, id, context)) {
      await remove(client, 'sdkmessageprocessingsteps', sdkmessageprocessingstepid, context)
    }
    await remove(client, 'serviceendpoints', id, context)
  }
  return { webhook: null }
}

async function remove(
  client: DataverseClient,
  setName: string,
  id: string,
  context: CallContext,
): Promise<void> {
  try {
    await client.text(
      {
        method: 'DELETE',
        path: `${setName}(${id})`,
        operation: `DELETE /${setName}({id})`,
        name: 'webhooks.remove',
        effect: 'write',
      },
      context,
    )
  } catch (error) {
    if (!(error instanceof UpstreamError) || error.code !== 'upstream_not_found') {
      throw error
    }
  }
}
