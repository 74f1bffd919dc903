import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import {
  saveConnection,
  saveEmarketeerWebhookSecret,
  setConnectionState,
  mergeFacts,
  type ConnectionRow,
  type ConnectionState,
} from '../../src/ledger/connection/connections.js'
import type { Database } from '../../src/ledger/db/database.js'
import { vault } from './gateway-fixture.js'
import { settings } from '../support/settings.js'

/** A connection to Dynamics whose webhooks are installed, and the secrets of its senders. */
export interface HookedConnection {
  readonly row: ConnectionRow
  readonly crmSecret: string
  readonly organizationId: string
  readonly emarketeerSecret: string
}

/** Creates one with an account of its own. */
export async function hookedConnection(
  db: Database,
  state: ConnectionState = 'active',
  accountId = `a-${randomUUID()}`,
): Promise<HookedConnection> {
  const connectionId = `c-${randomUUID()}`
  const crmSecret = randomBytes(32).toString('hex')
  const emarketeerSecret = `whsec_${randomBytes(24).toString('base64')}`
  const organizationId = randomUUID()
  const row = await saveConnection(
    db,
    settings({ connectionId, accountId, subscriptionSync: true, subscriptionRowsPerDay: 1_000 }),
  )
  await mergeFacts(db, connectionId, {
    organization: {
      organizationId,
      userId: randomUUID(),
      languageCode: 1033,
      languages: [1033],
      auditEnabled: null,
      changeTrackingDays: null,
    },
    webhook: {
      url: 'https://hooks.example.com/x',
      endpointId: 'e',
      stepIds: [],
      secretHash: createHash('sha256').update(crmSecret).digest('hex'),
      previousSecretHash: null,
    },
  })
  await saveEmarketeerWebhookSecret(
    db,
    connectionId,
    vault.seal(emarketeerSecret, { connectionId, field: 'emarketeer.webhookSecret' }),
  )
  await setConnectionState(db, connectionId, state)
  return { row, crmSecret, organizationId, emarketeerSecret }
}

/** The event that Dataverse posts when a contact's toggle changes, with `changes`. */
export function dataverseEvent(hooked: HookedConnection, changes: Record<string, unknown> = {}) {
  const contactId = randomUUID()
  return {
    OrganizationId: hooked.organizationId,
    InitiatingUserId: randomUUID(),
    InputParameters: [
      {
        key: 'Target',
        value: {
          Attributes: [
            { key: 'donotbulkemail', value: true },
            { key: 'emailaddress1', value: 'ann.canary@example.com' },
          ],
          Id: contactId,
        },
      },
    ],
    MessageName: 'Update',
    OperationId: randomUUID(),
    PostEntityImages: [],
    PrimaryEntityId: contactId,
    PrimaryEntityName: 'contact',
    ...changes,
  }
}

/** A call to a hook, with its differences from the usual one. */
export interface Post {
  readonly url: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** Posts JSON; a string or buffer is sent unchanged. */
export function post({ url, body = {}, headers = {} }: Post): Promise<Response> {
  const raw = typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body)
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: raw as string,
  })
}

/** Posts as Dataverse does. */
export function postAsDataverse(
  gatewayUrl: string,
  hooked: HookedConnection,
  call: Partial<Post> = {},
): Promise<Response> {
  return post({
    url: `${gatewayUrl}/hooks/crm/${hooked.row.webhookRef}`,
    body: dataverseEvent(hooked),
    ...call,
    headers: { 'x-em-secret': hooked.crmSecret, ...call.headers },
  })
}

/** A change of eMarketeer in the form of its webhook. */
export function emarketeerChange(hooked: HookedConnection, changeId: string) {
  return {
    type: 'contact.created',
    timestamp: '2026-11-21T09:00:00.000Z',
    data: {
      id: changeId,
      accountId: hooked.row.accountId,
      type: 'contact.created',
      contactIds: ['501'],
    } as Record<string, unknown>,
  }
}

/** Signs and posts as eMarketeer does; `secret`, `atMs` and `sign: false` make it invalid. */
export function postAsEmarketeer(
  gatewayUrl: string,
  hooked: HookedConnection,
  call: {
    readonly id?: string
    readonly body?: unknown
    readonly secret?: string
    readonly atMs?: number
    readonly sign?: boolean
  } = {},
): Promise<Response> {
  const id = call.id ?? `chg_${randomUUID()}`
  const body = call.body ?? emarketeerChange(hooked, id)
  const raw = typeof body === 'string' ? body : JSON.stringify(body)
  const at = Math.floor((call.atMs ?? Date.now()) / 1000)
  const key = Buffer.from((call.secret ?? hooked.emarketeerSecret).slice('whsec_'.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${at}.${raw}`).digest('base64')
  return post({
    url: `${gatewayUrl}/hooks/em/${hooked.row.webhookRef}`,
    body: raw,
    headers: {
      'webhook-id': id,
      'webhook-timestamp': String(at),
      ...(call.sign === false ? {} : { 'webhook-signature': `v1,${signature}` }),
    },
  })
}

/** The inbox of a connection. */
export function inboxOf(db: Database, { row }: HookedConnection) {
  return db.query<Record<string, unknown>>(
    `SELECT source, entity, entity_id AS "entityId", crm_contact_id AS "crmContactId", says_deny AS "saysDeny",
        actor_user_id AS "actorUserId", event_id AS "eventId", shard FROM inbox WHERE connection_id = $1
      ORDER BY inbox_id`,
    [row.connectionId],
  )
}

/** Status and code of an answer. */
export async function outcome(response: Promise<Response>): Promise<[number, string | null]> {
  const answer = await response
  const body = (await answer.json()) as { error?: { code: string } }
  return [answer.status, body.error?.code ?? null]
}
