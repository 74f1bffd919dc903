import { type CallContext, UpstreamError } from '../../../http/index.js'
import type { WebhookInstallation, WebhookTarget } from '../../crm.js'
import type { DataverseClient } from '../client.js'
import { type DynamicsFacts, subscriptionTables } from '../facts.js'
import { SUBSCRIPTIONS_TABLE } from '../names.js'
import { ensureEndpoint } from './endpoint.js'
import { ensureStep } from './ensure-step.js'
import { newSecret, secretHash } from './secret.js'
import { STEPS } from './steps.js'

/** Most secrets kept of attempts that may have registered theirs: more than any step is tried. */
const MOST_TRIED = 25

/**
 * Makes Dataverse post changes to the gateway (docs/wire-dataverse.md, 11 and 16.12). Reuses what an earlier run
 * created. The secret is always new, as the old one cannot be read; the previous one stays valid for events queued
 * under it. The hash is stored before the registration, so that no event is refused.
 * @returns facts with hashes only; not installed if Dataverse refuses the URL. @throws UpstreamError
 */
export async function installWebhooks(
  client: DataverseClient,
  facts: DynamicsFacts,
  connectionId: string,
  target: WebhookTarget,
  context: CallContext,
): Promise<WebhookInstallation> {
  const secret = newSecret()
  const hash = secretHash(secret)
  const { webhook: before } = facts
  // Attempts whose answer is lost must not push out the secret that Dataverse has.
  const tried = {
    secretHash: before?.secretHash ?? hash,
    previousSecretHash: before?.previousSecretHash ?? null,
    triedSecretHashes: [hash, ...(before?.triedSecretHashes ?? [])].slice(0, MOST_TRIED),
  }
  const hashes = { secretHash: hash, previousSecretHash: before?.secretHash ?? null }
  const known = {
    endpointId: facts.webhook?.endpointId ?? null,
    stepIds: facts.webhook?.stepIds ?? [],
  }
  await target.keep({ webhook: { url: target.url, ...known, ...tried } })
  let endpointId: string
  try {
    endpointId = await ensureEndpoint(client, connectionId, target.url, secret, context)
  } catch (error) {
    if (error instanceof UpstreamError && error.code === 'upstream_refused') {
      return {
        installed: false,
        reason: refusal(target.url, error),
        facts: { webhook: facts.webhook ?? null },
      }
    }
    throw error
  }
  const stepIds: string[] = []
  for (const step of STEPS) {
    if (step.table === SUBSCRIPTIONS_TABLE && subscriptionTables(facts) === null) {
      continue
    }
    const stepId = await ensureStep(client, endpointId, step, context)
    stepIds.push(...(stepId === null ? [] : [stepId]))
  }
  const webhook = { url: target.url, endpointId, stepIds, ...hashes }
  return { installed: true, reason: null, facts: { webhook } }
}

/** The fault is mostly the port. The path is harmless, but not needed. */
function refusal(url: string, { upstreamCode }: UpstreamError): string {
  const { origin } = new URL(url)
  const code = upstreamCode === null ? '' : ` (${upstreamCode})`
  return `Dynamics refuses to post to ${origin}${code}: it takes only the ports 80 and 443`
}
