import { describeErrorBody } from '../http/describe-error.js'
import type { ErrorDescription, TextAnswer } from '../http/index.js'

/**
 * Reads eMarketeer's error body (docs/wire-emarketeer.md, error body).
 *
 * `idempotency_in_progress` is a 409 that passes by itself: the first call with that key still runs, so waiting helps
 * and the write may be stored.
 */
export function describeEmarketeerError(answer: TextAnswer): ErrorDescription {
  const described = describeErrorBody(answer)
  return described.upstreamCode === 'idempotency_in_progress'
    ? { ...described, retryable: true, mayHaveReachedServer: true }
    : described
}
