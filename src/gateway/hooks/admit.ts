import type { FastifyRequest } from 'fastify'
import { AppError } from '../../contracts/app-error.js'
import { findConnectionByWebhookRef, type ConnectionRow } from '../../ledger/connections.js'
import type { Queryable } from '../../ledger/database.js'
import { catalogueRefusal, httpRefusal } from '../refusal.js'
import type { TokenBuckets } from '../token-buckets.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** The connection that the webhook's address belongs to. */
    hookOwner: ConnectionRow | null
  }
}

/** 24 random bytes in base64url; anything else is not looked up. */
const WEBHOOK_REF = /^[\w-]{32}$/

/**
 * Finds out, before the body is read, whose address was called.
 *
 * @returns a check for `onRequest`. It throws a refusal: 401 for an unknown address, 410 where the connection is
 *   disabled (eMarketeer then stops), 429 or 503 above the rates; AppError `database_unreachable`.
 */
export function createAdmission(
  db: Queryable,
  refusalsBySource: TokenBuckets,
  byRef: TokenBuckets,
): (request: FastifyRequest) => Promise<void> {
  return async (request) => {
    const { webhookRef } = request.params as { webhookRef: string }
    // Guessing must not cost a look-up each; an address that is known is not slowed down by those who guess.
    if (!byRef.knows(webhookRef) && !refusalsBySource.has(request.ip)) {
      throw httpRefusal('too_many_requests')
    }
    const connection = WEBHOOK_REF.test(webhookRef)
      ? await findConnectionByWebhookRef(db, webhookRef)
      : null
    if (connection === null) {
      refusalsBySource.take(request.ip)
      throw catalogueRefusal(unauthorized())
    }
    request.hookOwner = connection
    if (!byRef.take(webhookRef)) {
      throw httpRefusal('webhooks_too_fast')
    }
    if (connection.state === 'disabled') {
      throw catalogueRefusal(
        new AppError('connection_disabled', 'This connection is disabled; nothing is taken.'),
        410,
      )
    }
  }
}

/** One text for every way of not being known: nothing is told about why. */
export function unauthorized(): AppError {
  return new AppError('webhook_unauthorized', 'The webhook is not accepted.')
}
