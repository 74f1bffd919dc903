import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import type { DynamicsFacts } from '../facts.js'
import { repairStep } from './repair-step.js'
import { STEPS, stepName } from './steps.js'
import { stepsOf } from './steps-of.js'

/**
 * Switches our steps on again if somebody switched them off, and gives those of an earlier release this release's
 * columns. The sweep does not depend on them, so a refusal by Dataverse is ignored.
 * @returns whether one was off. @throws UpstreamError if a retry helps, or the credentials are refused.
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
    for (const step of steps) {
      const definition = STEPS.find((one) => stepName(one) === step.name) ?? null
      await repairStep(client, step, definition, context)
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
