import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { SecretsVault } from '../../config/secrets/secrets-vault.js'
import { factSecrets } from '../../connection/sealed-secrets.js'
import type { Systems } from '../../connection/systems.js'
import { AppError } from '../../contracts/app-error.js'
import { INBOX_SHARDS } from '../../contracts/names.js'
import type { CrmWebhookHint, WebhookVerdict } from '../../crm/crm.js'
import { verifyWebhook, WEBHOOK_HEADERS, type WebhookRefusal } from '../../emarketeer/index.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { InboxHint } from '../../ledger/run/inbox.js'
import { type HookSide, unauthorized } from './admit.js'

interface CrmSideOptions {
  readonly systems: Systems
  readonly vault: SecretsVault
}

/** Calls of CRMs; each CRM's driver judges its own. */
export function crmSide(options: CrmSideOptions): HookSide {
  return {
    name: 'crm',
    judgeHeaders(connection, request) {
      const driver = options.systems.driverOf(connection)
      return driver?.judgeWebhookHeaders(singleHeaders(request), connection.facts) ?? 'refused'
    },
    read: (connection, request) => readCrmHook(options, connection, request),
  }
}

/**
 * Reads a call of a CRM. @returns hints to store, possibly none.
 * @throws AppError `webhook_unauthorized`, `webhook_malformed`, `webhook_wrong_organization`, `internal`.
 */
function readCrmHook(
  { systems, vault }: CrmSideOptions,
  connection: ConnectionRow,
  request: FastifyRequest,
): readonly InboxHint[] {
  const body = rawBody(request)
  const driver = systems.driverOf(connection)
  if (driver === null) {
    throw unauthorized()
  }
  const call = { headers: singleHeaders(request), body }
  const { seal, open } = factSecrets(vault, connection.connectionId)
  const secrets = { seal, open: (sealed: string) => opened(() => open(sealed)) }
  const verdict = driver.receiveWebhook(call, connection.facts, secrets)
  if (!verdict.accepted) {
    throw refusedByCrm(verdict.code)
  }
  return verdict.hints.map((hint) => inboxHint(hint, body))
}

function refusedByCrm(code: Extract<WebhookVerdict, { accepted: false }>['code']): AppError {
  switch (code) {
    case 'webhook_unauthorized':
      return unauthorized()
    case 'webhook_malformed':
      return new AppError(code, 'The body is not an event of this CRM.')
    case 'webhook_wrong_organization':
      return new AppError(code, 'The event is not of the connected organisation.')
  }
}

function inboxHint(hint: CrmWebhookHint, body: Buffer): InboxHint {
  const { entity, entityId, contactId, actorUserId, saysDeny, addresses, ownWrite } = hint
  return {
    source: 'crm',
    // One shard for each contact, so that its hints are handled together.
    shard: shardOf(contactId ?? entityId),
    entity,
    entityId,
    crmContactId: contactId,
    actorUserId,
    saysDeny,
    ...(addresses === undefined ? {} : { addresses }),
    ...(ownWrite === undefined ? {} : { ownWrite }),
    eventId: hint.eventId ?? derivedEventId(hint, body),
  }
}

/** An id for events of a CRM that sends none: a repeated call is the same event. */
function derivedEventId({ entity, entityId }: CrmWebhookHint, body: Buffer): string {
  return createHash('sha256').update(`${entity} ${entityId}\n`).update(body).digest('hex')
}

/** Headers that occur once; a repeated one is ignored. */
function singleHeaders(request: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  )
}

/** Deliveries of eMarketeer (docs/wire-emarketeer.md, EM-B7). The signature covers the body. */
export function emarketeerSide(vault: SecretsVault): HookSide {
  return {
    name: 'em',
    judgeHeaders: ({ emarketeerWebhookSecret }, { headers }) =>
      emarketeerWebhookSecret !== null && WEBHOOK_HEADERS.every((name) => Boolean(headers[name]))
        ? 'open'
        : 'refused',
    read: (connection, request) => readEmarketeerHook(vault, connection, request),
  }
}

/**
 * Verifies a delivery. The body is only a hint that the feed has something new; the change itself is read from the
 * feed.
 * @throws AppError `webhook_unauthorized`, `webhook_malformed`, `webhook_wrong_organization`, `internal`.
 */
function readEmarketeerHook(
  vault: SecretsVault,
  connection: ConnectionRow,
  request: FastifyRequest,
): readonly InboxHint[] {
  const { connectionId, accountId, emarketeerWebhookSecret: sealed } = connection
  if (sealed === null) {
    throw unauthorized()
  }
  const secret = opened(() =>
    vault.open(sealed, { connectionId, field: 'emarketeer.webhookSecret' }),
  )
  const delivery = { rawBody: rawBody(request), headers: request.headers }
  const verdict = verifyWebhook(delivery, [secret], accountId)
  if (!verdict.ok) {
    throw refusedDelivery(verdict.reason)
  }
  const changeId = verdict.webhookId
  return [
    {
      source: 'emarketeer',
      shard: shardOf(changeId),
      entity: 'change',
      entityId: changeId,
      crmContactId: null,
      actorUserId: null,
      saysDeny: false,
      eventId: changeId,
    },
  ]
}

function refusedDelivery(reason: WebhookRefusal): AppError {
  switch (reason) {
    case 'missing_headers':
    case 'timestamp_unreadable':
    case 'timestamp_out_of_tolerance':
    case 'bad_signature':
      return unauthorized()
    case 'malformed_body':
      return new AppError('webhook_malformed', 'The body is not a change of eMarketeer.')
    case 'other_account':
      return new AppError(
        'webhook_wrong_organization',
        'The change is not of the connected account.',
      )
  }
}

/** Opens a secret. A failure is our fault, not the sender's: the sender tries again once it is repaired. */
function opened(open: () => string): string {
  try {
    return open()
  } catch (cause) {
    throw new AppError('internal', 'The webhook secret does not open.', { cause })
  }
}

/** The bytes of the body; empty if there was no body. */
function rawBody(request: FastifyRequest): Buffer {
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
}

/** The inbox shard of an id: the same one in every process and release. */
function shardOf(id: string): number {
  return createHash('sha256').update(id).digest().readUInt32BE(0) % INBOX_SHARDS
}
