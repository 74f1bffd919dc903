import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { AppError } from '../../contracts/app-error.js'
import type { CrmWebhookHint, WebhookVerdict } from '../../crm/crm.js'
import type { ConnectionRow } from '../../ledger/connections.js'
import type { InboxHint } from '../../ledger/inbox.js'
import type { Systems } from '../../sync/systems.js'
import { rawBody } from '../raw-json.js'
import { unauthorized } from './admit.js'
import { shardOf } from './shard-of.js'

/**
 * Judges a CRM's call by its own driver.
 *
 * @returns hints to store, possibly none.
 * @throws AppError `webhook_unauthorized`, `webhook_malformed`, `webhook_wrong_organization`.
 */
export function readCrmHook(
  systems: Systems,
  connection: ConnectionRow,
  request: FastifyRequest,
): readonly InboxHint[] {
  const body = rawBody(request)
  const driver = systems.driverOf(connection)
  if (driver === null) {
    throw unauthorized()
  }
  const verdict = driver.receiveWebhook({ headers: singleHeaders(request), body }, connection.facts)
  if (!verdict.accepted) {
    throw refusalOf(verdict.code)
  }
  return verdict.hints.map((hint) => inboxHint(hint, body))
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
  const { entity, entityId, contactId, actorUserId, saysDeny } = hint
  return {
    source: 'crm',
    // All about one contact in one shard, so that its hints are handled together.
    shard: shardOf(contactId ?? entityId),
    entity,
    entityId,
    crmContactId: contactId,
    actorUserId,
    saysDeny,
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
