import { type CallContext, UpstreamError, answer, part } from '../../../http/index.js'
import type { WebhookInstallation, WebhookTarget, CrmFacts } from '../../crm.js'
import type { DataverseClient } from '../client.js'
import { type DynamicsFacts, subscriptionTables } from '../facts.js'
import { SUBSCRIPTIONS_TABLE } from '../names.js'
import { ensureStep, repairStep, stepsOf } from './registered-steps.js'
import { newSecret, secretHash, SECRET_HEADER } from './secret.js'
import { STEPS, stepName } from './steps.js'
import { z } from 'zod'
import { findOrCreate } from '../find-or-create.js'
import { queryString } from '../wire/odata.js'

/** Most secrets kept of attempts that may have registered theirs: more than any step is tried. */
const MOST_TRIED = 25

/**
 * Makes Dataverse post changes to the gateway (docs/wire-dataverse.md, 11 and 16.12). Reuses what an earlier run
 * created. The secret is always new, because the old one cannot be read; the previous one stays valid for events queued
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

/**
 * Ends the posting: first the steps, because an endpoint with steps is not deleted, then the endpoint. Ours has the
 * connection's name or the id in the facts; another connection's stays. Succeeds if nothing exists, and is safe to
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

/** `contract` of a webhook, and `authtype` of a secret in a header. */
const WEBHOOK = 8
const HTTP_HEADER = 5

const endpoint = answer(
  { name: 'dynamics.endpoint', operation: 'GET /serviceendpoints', lossUnit: 'record' },
  part({
    serviceendpointid: z.guid(),
    name: z.string().nullish().catch(null),
    url: z.string().nullish().catch(null),
  }),
)

/**
 * Finds or registers our endpoint and sets its URL and secret. It is found by URL, else by its name, which contains the
 * connection's id: the URL changes when the gateway moves.
 * @returns its id. @throws UpstreamError
 */
async function ensureEndpoint(
  client: DataverseClient,
  connectionId: string,
  url: string,
  secret: string,
  context: CallContext,
): Promise<string> {
  const name = endpointName(connectionId)
  const settings = {
    name,
    url,
    contract: WEBHOOK,
    authtype: HTTP_HEADER,
    authvalue: authValue(secret),
  }
  const { found, created } = await findOrCreate(
    client,
    {
      find: () => find(client, name, url, context),
      path: 'serviceendpoints',
      operation: 'POST /serviceendpoints',
      body: {
        ...settings,
        messageformat: 2,
        connectionmode: 1,
        userclaim: 1,
        path: '',
        solutionnamespace: '',
        description: 'eMarketeer',
      },
    },
    context,
  )
  if (!created) {
    await client.text(
      {
        method: 'PATCH',
        path: `serviceendpoints(${found})`,
        operation: 'PATCH /serviceendpoints({id})',
        name: 'webhooks.endpoint',
        effect: 'write',
        headers: { 'if-match': '*' },
        json: settings,
      },
      context,
    )
  }
  return found
}

/** Name of a connection's endpoint, which identifies it at any URL. */
function endpointName(connectionId: string): string {
  return `eMarketeer sync (${connectionId})`
}

async function find(client: DataverseClient, name: string, url: string, context: CallContext) {
  const rows = await webhookEndpoints(client, context)
  const own =
    rows.find((row) => row.name === name && row.url === url) ??
    rows.find((row) => row.name === name) ??
    rows.find((row) => row.url === url)
  return own?.id ?? null
}

/** Every webhook of the organisation, also others' (docs/wire-dataverse.md, 11). @throws UpstreamError */
export async function webhookEndpoints(
  client: DataverseClient,
  context: CallContext,
): Promise<readonly { id: string; name: string | null; url: string | null }[]> {
  const query = queryString({
    select: ['serviceendpointid', 'name', 'authtype', 'url'],
    filter: `contract eq ${WEBHOOK}`,
  })
  const found = await client.rows(
    {
      method: 'GET',
      path: `serviceendpoints${query}`,
      operation: endpoint.operation,
      name: 'webhooks.endpoint',
      effect: 'read',
    },
    endpoint,
    context,
  )
  return found.map(({ serviceendpointid, name, url }) => ({
    id: serviceendpointid.toLowerCase(),
    name: name ?? null,
    url: url ?? null,
  }))
}

/** Headers are registered as an XML of settings. The secret is hexadecimal and needs no escaping. */
function authValue(secret: string): string {
  return `<settings><setting name="${SECRET_HEADER}" value="${secret}" /></settings>`
}
