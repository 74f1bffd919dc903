import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import type { DynamicsFacts } from '../facts.js'
import { stepsOf, type StepRow } from './steps-of.js'

/**
 * Switches steps of ours on again that somebody switched off. The sweep does not depend on them: what Dataverse refuses
 * here is left as it is.
 *
 * @returns whether one had to be. @throws UpstreamError where trying again helps, or the credentials are refused.
 */
export async function tendWebhooks(
  client: DataverseClient,
  facts: DynamicsFacts,
  context: CallContext,
): Promise<{ readonly reactivated: boolean }> {
  const endpointId = facts.webhook?.endpointId ?? null
  if (endpointId === null) {
    return { reactivated: false }
  }
  try {
    const steps = await stepsOf(client, endpointId, context)
    const off = steps.filter(({ statecode }) => (statecode ?? 0) !== 0)
    for (const step of off) {
      await switchOn(client, step, context)
    }
    return { reactivated: off.length > 0 }
  } catch (error) {
    const leaveIt =
      error instanceof UpstreamError && !error.retryable && error.code !== 'upstream_auth_failed'
    if (leaveIt) {
      return { reactivated: false }
    }
    throw error
  }
}

async function switchOn(
  client: DataverseClient,
  step: StepRow,
  context: CallContext,
): Promise<void> {
  await client.text(
    {
      method: 'PATCH',
      path: `sdkmessageprocessingsteps(${step.sdkmessageprocessingstepid})`,
      operation: 'PATCH /sdkmessageprocessingsteps({id})',
      name: 'webhooks.steps',
      effect: 'write',
      headers: { 'if-match': '*' },
      json: { statecode: 0, statuscode: 1 },
    },
    context,
  )
}
