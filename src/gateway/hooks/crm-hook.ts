import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { SecretsVault } from '../../config/secrets/secrets-vault.js'
import { AppError } from '../../contracts/app-error.js'
import type { CrmWebhookHint, FactSecrets, WebhookVerdict } from '../../crm/crm.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { InboxHint } from '../../ledger/run/inbox.js'
import { factSecrets } from '../../connection/sealed-secrets.js'
import type { Systems } from '../../connection/systems.js'
import { rawBody } from '../raw-json.js'
import { type HookSide, unauthorized } from './admit.js'
import { shardOf } from './shard-of.js'

interface CrmSideOptions {
  readonly systems: Systems
  readonly vault: SecretsVault
}

/** Calls of CRMs, each judged by its own driver. */
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
 * @returns hints to store, possibly none.
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
  const secrets = openedHere(factSecrets(vault, connection.connectionId))
  const verdict = driver.receiveWebhook(call, connection.facts, secrets)
  if (!verdict.accepted) {
    throw refusalOf(verdict.code)
  }
  return verdict.hints.map((hint) => inboxHint(hint, body))
}

/** A secret that does not open is our fault and not the sender's, who tries again when it is mended. */
function openedHere({ seal, open }: FactSecrets): FactSecrets {
  return {
    seal,
    open(sealed) {
      try {
        return open(sealed)
      } catch (cause) {
        throw new AppError('internal', 'The webhook secret does not open.', { cause })
      }
    },
  }
}

function refusalOf(code: Extract<WebhookVerdict, { accepted: false }>['code']): AppError {
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
  const { entity, entityId, contactId, actorUserId, saysDeny, addresses } = hint
  return {
    source: 'crm',
    // All about one contact in one shard, so that its hints are handled together.
    shard: shardOf(contactId ?? entityId),
    entity,
    entityId,
    crmContactId: contactId,
    actorUserId,
    saysDeny,
    ...(addresses === undefined ? {} : { addresses }),
    eventId: hint.eventId ?? derivedEventId(hint, body),
  }
}

/** An id for events of a CRM that gives none: the same call again is the same event. */
function derivedEventId({ entity, entityId }: CrmWebhookHint, body: Buffer): string {
  return createHash('sha256').update(`${entity} ${entityId}\n`).update(body).digest('hex')
}

/** Headers that came once; a repeated one decides nothing. */
function singleHeaders(request: FastifyRequest): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(request.headers).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  )
}
