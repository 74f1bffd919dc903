import { z } from 'zod'
import { json, type SimResponse } from '../../common/http-server.js'
import { badRequest, forbidden, notFound, ServiceError } from '../errors.js'
import { wireDate } from '../model/dates.js'
import { type ApiCall, jsonBody, parameters } from '../server/api-call.js'
import type { Webhook } from '../webhooks/webhook-book.js'
import { NO_CONTENT, type Route } from './route.js'

/** Person events (wire page, section 8). */
const EVENTS = [
  'person.created',
  'person.changed',
  'person.softdeleted',
  'person.deleted',
  'person.consented',
  'person.unconsented',
] as const

const bodySchema = z.object({
  name: z.string().min(1),
  events: z.array(z.enum(EVENTS)).min(1),
  targeturl: z.url(),
  secret: z.string().nullish(),
  state: z.enum(['Active', 'Stopped']).default('Active'),
  type: z.literal('webhook').default('webhook'),
  errorsemail: z.string().nullish(),
  headers: z.record(z.string(), z.string()).nullish(),
  properties: z.record(z.string(), z.unknown()).nullish(),
})

/** Webhooks. Every save posts a test event, and fails unless the target answers 200. */
export const webhookRoutes: readonly Route[] = [
  route('GET', /^Webhook$/, 'listWebhooks', (call) => json(200, found(call).map(shown))),
  route('POST', /^Webhook$/, 'addWebhook', add),
  route('GET', /^Webhook\/default$/, 'defaultWebhook', () => json(200, BLANK)),
  route('GET', /^Webhook\/(\d+)$/, 'readWebhook', (call) => json(200, shown(webhookOf(call)))),
  route('PUT', /^Webhook\/(\d+)$/, 'changeWebhook', (call) => change(call, webhookOf(call))),
  route('DELETE', /^Webhook\/(\d+)$/, 'removeWebhook', (call) => {
    call.world.webhooks.remove(webhookOf(call).webhookId)
    return NO_CONTENT
  }),
  route('GET', /^Webhook\/(\d+)\/LastError$/, 'webhookLastError', (call) =>
    json(200, webhookOf(call).lastError),
  ),
  byAgent('CreateDefaultWebhook', () => json(200, BLANK)),
  byAgent('SaveWebhook', (call) => {
    const id = jsonBody(call)['webhookid'] ?? 0
    return id === 0 ? add(call) : change(call, webhookOf(call, id))
  }),
  byAgent('GetAllWebhooks', (call) => {
    const { namefilter, eventfilter, statusfilter } = jsonBody(call)
    // `Unknown` is the client type's value for "no filter".
    const status = statusfilter === 'Unknown' ? '' : statusfilter
    return json(200, matching(call, namefilter, eventfilter, status).map(shown))
  }),
  byAgent('GetWebhook', (call) => {
    const webhook = call.world.webhooks.get(idIn(call, 'webhookId'))
    return json(200, webhook === undefined ? null : shown(webhook))
  }),
  byAgent('DeleteWebhook', (call) => {
    call.world.webhooks.remove(idIn(call, 'WebhookId'))
    return NO_CONTENT
  }),
  byAgent('GetLastError', (call) =>
    json(200, webhookOf(call, jsonBody(call)['webhookid']).lastError),
  ),
]

const BLANK = {
  WebhookId: 0,
  Name: '',
  Events: [],
  TargetUrl: '',
  State: 'Active',
  Type: 'webhook',
}

async function add(call: ApiCall): Promise<SimResponse> {
  const draft = fields(call)
  await tested(call, { webhookId: 0, ...draft })
  return json(200, shown(call.world.webhooks.add(draft)))
}

async function change(call: ApiCall, webhook: Webhook): Promise<SimResponse> {
  const { registered, registeredAssociateId } = webhook
  const next = { ...fields(call), registered, registeredAssociateId }
  await tested(call, { ...webhook, ...next })
  return json(200, shown(Object.assign(webhook, next)))
}

function byAgent(name: string, handle: Route['handle']): Route {
  return route('POST', new RegExp(`^Agents/Webhook/${name}$`), `agent${name}`, handle)
}

function idIn(call: ApiCall, name: string): number {
  return Number(parameters(call, [name]).get(name))
}

function route(
  method: string,
  pattern: RegExp,
  operation: string,
  handle: (call: ApiCall) => SimResponse | Promise<SimResponse>,
): Route {
  return {
    operation,
    method,
    pattern,
    handle: (call) => {
      switch (call.world.switches.webhookAgent) {
        case 'absent':
          throw notFound('No such resource')
        case 'forbidden':
          throw forbidden('The Webhook agent is not available')
        case 'granted':
          return handle(call)
      }
    },
  }
}

function fields(call: ApiCall): Omit<Webhook, 'webhookId'> {
  const parsed = bodySchema.safeParse(jsonBody(call))
  if (!parsed.success) {
    throw badRequest(`The webhook is not valid: ${parsed.error.issues[0]?.path.join('.') ?? ''}`)
  }
  const body = parsed.data
  if (!body.targeturl.startsWith('https://') && !call.world.options.allowHttpWebhooks) {
    throw badRequest('TargetUrl must be https')
  }
  return {
    name: body.name,
    events: body.events,
    targetUrl: body.targeturl,
    secret: body.secret ?? '',
    state: body.state,
    type: body.type,
    errorsEmail: body.errorsemail ?? '',
    headers: body.headers ?? null,
    properties: body.properties ?? null,
    consecutiveErrors: 0,
    lastError: '',
    registered: call.world.nowSeconds(),
    registeredAssociateId: call.associateId,
  }
}

async function tested(call: ApiCall, webhook: Webhook): Promise<void> {
  if (!(await call.world.sender.test(webhook))) {
    throw new ServiceError(400, 'WebhookException', 'The test event was not answered with 200')
  }
}

function webhookOf(call: ApiCall, id: unknown = call.parts[0]): Webhook {
  const webhook = call.world.webhooks.get(Number(id))
  if (webhook === undefined) {
    throw notFound(`Webhook id ${String(id)} not found`)
  }
  return webhook
}

function found(call: ApiCall): readonly Webhook[] {
  const filters = parameters(call, ['nameFilter', 'eventFilter', 'statusFilter'])
  return matching(
    call,
    filters.get('nameFilter'),
    filters.get('eventFilter'),
    filters.get('statusFilter'),
  )
}

function matching(
  call: ApiCall,
  nameFilter: unknown,
  eventFilter: unknown,
  statusFilter: unknown,
): readonly Webhook[] {
  const [name, event, status] = [nameFilter, eventFilter, statusFilter].map((it) =>
    typeof it === 'string' ? it : '',
  ) as [string, string, string]
  return call.world.webhooks
    .list()
    .filter(
      (webhook) =>
        webhook.name.toLowerCase().includes(name.toLowerCase()) &&
        (event === '' || webhook.events.includes(event)) &&
        (status === '' || webhook.state === status),
    )
}

/** A webhook without its secret. */
function shown(webhook: Webhook) {
  return {
    WebhookId: webhook.webhookId,
    Name: webhook.name,
    Events: webhook.events,
    TargetUrl: webhook.targetUrl,
    Secret: '',
    State: webhook.state,
    Type: webhook.type,
    Headers: webhook.headers ?? {},
    Properties: webhook.properties ?? {},
    ErrorsEmail: webhook.errorsEmail,
    Registered: wireDate(webhook.registered),
    RegisteredAssociate: { AssociateId: webhook.registeredAssociateId },
  }
}
