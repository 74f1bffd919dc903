import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Secret } from '../../config/secret.js'
import { AppError } from '../../contracts/app-error.js'
import { httpRefusal } from '../refusal.js'
import { sourceOf } from '../source-of.js'
import type { TokenBuckets } from '../token-buckets.js'

/**
 * Lets in whoever sends the gateway's key as a bearer token; compared in constant time, by digests, so that neither
 * its content nor its length shows.
 *
 * @returns a check for `onRequest`, which throws 503 where no key is configured, 401, or 429 for a source that keeps
 *   sending wrong ones.
 */
export function createAuthorization(
  apiKey: Secret | null,
  wrongKeysBySource: TokenBuckets,
): (request: FastifyRequest) => Promise<void> {
  const expected = apiKey === null ? null : digest(apiKey.reveal())
  return async (request) => {
    if (expected === null) {
      throw httpRefusal('api_key_not_configured')
    }
    const [, given] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '') ?? []
    if (given !== undefined && timingSafeEqual(digest(given), expected)) {
      return
    }
    throw wrongKeysBySource.take(sourceOf(request))
      ? new AppError('unauthorized', 'The gateway key is missing or wrong.')
      : httpRefusal('too_many_requests')
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
