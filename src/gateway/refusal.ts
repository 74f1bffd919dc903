import { AppError, type ErrorDocument } from '../contracts/app-error.js'
import { toAppError } from '../connection/to-app-error.js'
import { RETRY_AFTER_SECONDS } from './limits.js'

/**
 * Refusals that exist only in HTTP, besides the catalogue: no workflow or command ends with one of them. The document
 * has the same form.
 */
const HTTP_ONLY = {
  route_not_found: [
    404,
    'There is nothing at this address.',
    'See docs/gateway.md for the routes.',
  ],
  media_type_not_supported: [
    415,
    'Only uncompressed JSON is accepted.',
    'Send content-type: application/json and no content-encoding.',
  ],
  request_malformed: [400, 'The request is not valid HTTP.', 'Correct the request.'],
  too_many_requests: [429, 'Too many requests.', 'Wait as Retry-After says, and send it again.'],
  webhooks_too_fast: [
    // Not 429: Dataverse gives up such a call, and repeats one with 503 once (docs/gateway.md).
    503,
    'Too many simultaneous webhooks of this connection.',
    'Wait as Retry-After says, and send it again.',
  ],
  webhook_not_judged: [
    // Neither 401 nor 429: a sender with a new address or secret must try again.
    503,
    'This call is unknown here, and too many unknown calls arrive to check it.',
    'Wait as Retry-After says, and send it again.',
  ],
  api_key_not_configured: [
    503,
    'This part of the gateway is closed: no key is configured.',
    'Set GATEWAY_API_KEY for the gateway and start it again.',
  ],
} as const satisfies Record<string, readonly [number, string, string]>

/** Refusals by a rate limit whose bucket holds one second of tokens: the sender is to wait one second. */
const COME_AGAIN: ReadonlySet<string> = new Set([
  'too_many_requests',
  'webhooks_too_fast',
  'webhook_not_judged',
])

/** A code that only the gateway's answers have. */
export type HttpOnlyCode = keyof typeof HTTP_ONLY

/** An error document; its code may be one that only HTTP has. */
export interface GatewayErrorDocument {
  readonly error: Omit<ErrorDocument['error'], 'code'> & { readonly code: string }
}

/** Ends a request: status, document, and whether and when to try again. */
export class Refusal extends Error {
  override readonly name = 'Refusal'

  constructor(
    readonly status: number,
    readonly document: GatewayErrorDocument,
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(document.error.code)
  }

  get code(): string {
    return this.document.error.code
  }
}

/** A refusal that exists only in HTTP. */
export function httpRefusal(code: HttpOnlyCode): Refusal {
  const [status, message, hint] = HTTP_ONLY[code]
  const document = { error: { code, message, path: null, value: null, hint } }
  return new Refusal(status, document, COME_AGAIN.has(code) ? 1 : null)
}

/** A refusal with an error of the catalogue, and its status unless HTTP has a better one. */
export function catalogueRefusal(error: AppError, status = error.kind.httpStatus): Refusal {
  const waitSeconds =
    error.retryAfterMs === null ? RETRY_AFTER_SECONDS : Math.ceil(error.retryAfterMs / 1000)
  const comeAgain = status === 503 && error.kind.retryable
  return new Refusal(status, error.toDocument(), comeAgain ? Math.max(1, waitSeconds) : null)
}

/** Fastify's own faults, by their codes. */
const FASTIFY_FAULTS: Readonly<Record<string, () => Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () =>
    catalogueRefusal(new AppError('body_too_large', 'The body is too large.')),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => httpRefusal('media_type_not_supported'),
}

/** Converts anything that was thrown to the answer. An unexpected error reveals nothing of itself. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) {
    return error
  }
  const { code = '', statusCode = 500 } = error as { code?: string; statusCode?: number }
  const ofFastify = FASTIFY_FAULTS[code]
  if (ofFastify) {
    return ofFastify()
  }
  if (code.startsWith('FST_ERR_') && statusCode < 500) {
    return httpRefusal('request_malformed')
  }
  const appError = toAppError(error)
  return catalogueRefusal(
    appError.code === 'internal' ? new AppError('internal', 'The gateway failed.') : appError,
  )
}
