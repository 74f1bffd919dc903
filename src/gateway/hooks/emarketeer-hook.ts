import type { FastifyRequest } from 'fastify'
import type { SecretsVault } from '../../config/secrets/secrets-vault.js'
import { AppError } from '../../contracts/app-error.js'
import { verifyWebhook, WEBHOOK_HEADERS, type WebhookRefusal } from '../../emarketeer/index.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { InboxHint } from '../../ledger/run/inbox.js'
import { rawBody } from '../raw-json.js'
import { type HookSide, unauthorized } from './admit.js'
import { shardOf } from './shard-of.js'

/** Deliveries of eMarketeer (docs/wire-emarketeer.md, EM-B7). Their signature is over the body. */
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
 * Verifies a delivery. The body is a hint only: that the feed has something new. What it says is read from the feed.
 *
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
  const secret = openSecret(vault, connectionId, sealed)
  const delivery = { rawBody: rawBody(request), headers: request.headers }
  const verdict = verifyWebhook(delivery, [secret], accountId)
  if (!verdict.ok) {
    throw refusalOf(verdict.reason)
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

/** A secret that does not open is our fault and not the sender's, who tries again when it is mended. */
function openSecret(vault: SecretsVault, connectionId: string, sealed: string): string {
  try {
    return vault.open(sealed, { connectionId, field: 'emarketeer.webhookSecret' })
  } catch (cause) {
    throw new AppError('internal', 'The webhook secret does not open.', { cause })
  }
}

function refusalOf(reason: WebhookRefusal): AppError {
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
