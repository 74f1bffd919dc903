import {
  type ErrorDescription,
  jsonOrUndefined,
  SMALL_ANSWER,
  type TextAnswer,
} from '../http/index.js'

/** The contract's error codes (docs/wire-emarketeer.md, errors). Any other text may be a value and is not passed on. */
const CODES: ReadonlySet<unknown> = new Set([
  'malformed_json',
  'invalid_api_key',
  'forbidden',
  'not_found',
  'method_not_allowed',
  'unsupported_media_type',
  'payload_too_large',
  'uri_too_long',
  'idempotency_key_reused',
  'idempotency_in_progress',
  'cursor_expired',
  'audience_expired',
  'validation_failed',
  'limit_exceeded',
  'rate_limited',
  'internal',
  'unavailable',
])

/** Names that we send in bodies and queries. A path with another name does not concern our request. */
const FIELDS: ReadonlySet<string> = new Set(
  (
    'accountId actor campaignId categoryId clientId comment company componentId contactId contactIds contacts cursor email ' +
    'emails events eventTime expectedVersion externalId firstName from id include includeArchived items lastName ' +
    'legalBasis limit mobile name purpose sendoutId source subscribed telephone text title type types url waitSeconds'
  ).split(' '),
)

/** `items[3].actor.id`, with an index of at most 9,999. */
const PATH = /^[A-Za-z]+(?:\[\d{1,4}\]|\.[A-Za-z]+|\.\d{1,4}(?=\.|$)){0,5}$/

/** How many refused paths a message names. */
const MAX_PATHS = 3

/**
 * Reads eMarketeer's error body, `{"error":{"code","details":[{"path"}]}}`. It keeps only the contract's words, because
 * the rest may be personal data. `idempotency_in_progress` is a 409 that needs no new decision: the first call with
 * that key is still running, so waiting helps, and the write may be stored.
 */
export function describeEmarketeerError(answer: TextAnswer): ErrorDescription {
  const body = jsonOrUndefined(answer.body, SMALL_ANSWER.elements)
  const error = (body as { error?: unknown } | null | undefined)?.error
  if (typeof error !== 'object' || error === null) {
    return { upstreamCode: null }
  }
  const { code, details } = error as { code?: unknown; details?: unknown }
  const paths = (Array.isArray(details) ? details : [])
    .map((detail: unknown) => (detail as { path?: unknown } | null)?.path)
    .filter(isOurPath)
    .slice(0, MAX_PATHS)
  const described = { upstreamCode: CODES.has(code) ? (code as string) : null, paths }
  return code === 'idempotency_in_progress'
    ? { ...described, retryable: true, mayHaveReachedServer: true }
    : described
}

function isOurPath(path: unknown): path is string {
  return (
    typeof path === 'string' &&
    path.length <= 80 &&
    PATH.test(path) &&
    (path.match(/[A-Za-z]+/g) ?? []).every((word) => FIELDS.has(word))
  )
}
