import { z } from 'zod'
import { answer, type CallContext, part } from '../../../http/index.js'
import type { DataverseClient } from '../client.js'
import { findOrCreate } from '../find-or-create.js'
import { queryString } from '../wire/odata.js'
import { SECRET_HEADER } from './secret.js'

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
export async function ensureEndpoint(
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
export function endpointName(connectionId: string): string {
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
