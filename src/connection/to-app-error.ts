import { AppError } from '../contracts/app-error.js'
import type { ErrorCode } from '../contracts/error-catalogue.js'
import { temporalFailureOf } from '../contracts/temporal-failure.js'
import type { Side } from '../ledger/connection/cursors.js'
import { UpstreamError, type UpstreamCode } from '../http/upstream-error.js'

/** Catalogue code of a transport failure, by side. */
const CODES: Readonly<Record<UpstreamCode, Readonly<Record<Side, ErrorCode>>>> = {
  upstream_unreachable: { emarketeer: 'emarketeer_unreachable', crm: 'crm_unreachable' },
  upstream_timeout: { emarketeer: 'emarketeer_unreachable', crm: 'crm_unreachable' },
  upstream_unavailable: { emarketeer: 'emarketeer_unreachable', crm: 'crm_unreachable' },
  upstream_rate_limited: { emarketeer: 'emarketeer_rate_limited', crm: 'crm_rate_limited' },
  upstream_auth_failed: { emarketeer: 'emarketeer_auth_failed', crm: 'crm_auth_failed' },
  upstream_forbidden: { emarketeer: 'emarketeer_refused', crm: 'crm_privilege_missing' },
  upstream_not_found: { emarketeer: 'emarketeer_refused', crm: 'crm_refused' },
  upstream_conflict: { emarketeer: 'emarketeer_refused', crm: 'crm_refused' },
  upstream_refused: { emarketeer: 'emarketeer_refused', crm: 'crm_refused' },
  upstream_not_json: { emarketeer: 'emarketeer_answer_invalid', crm: 'crm_answer_invalid' },
  upstream_unexpected_answer: {
    emarketeer: 'emarketeer_answer_invalid',
    crm: 'crm_answer_invalid',
  },
  upstream_answer_too_large: {
    emarketeer: 'emarketeer_answer_too_large',
    crm: 'crm_answer_too_large',
  },
  upstream_cancelled: { emarketeer: 'internal', crm: 'internal' },
}

/**
 * Converts any error to one of the catalogue. An unknown error becomes `internal` with its kind only: a driver's text
 * may quote a value, and this error is stored by Temporal.
 */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) {
    return error
  }
  if (error instanceof UpstreamError) {
    const side: Side = error.system === 'emarketeer' ? 'emarketeer' : 'crm'
    return new AppError(CODES[error.code][side], error.message, {
      value: error.upstreamCode,
      // A wait of zero does not count as a time. It comes from a date in the past, caused by a wrong clock, and would
      // allow retries without a pause.
      retryAfterMs: error.retryAfterSeconds ? error.retryAfterSeconds * 1000 : null,
      cause: error,
    })
  }
  const temporal = temporalFailureOf(error)
  if (temporal !== null) {
    return temporal
  }
  return new AppError('internal', `Something unexpected went wrong (${kindOf(error)}).`, {
    cause: error,
  })
}

/** Its name, with PostgreSQL's or Node's code if it has one. */
function kindOf(error: unknown): string {
  const { name, code } = (error instanceof Error ? error : {}) as { name?: string; code?: unknown }
  const kind = name !== undefined && /^[A-Za-z]{1,60}$/.test(name) ? name : 'unknown'
  return typeof code === 'string' && /^[A-Z0-9_]{5,40}$/.test(code) ? `${kind}, ${code}` : kind
}

/**
 * The side whose breaker an error trips, and for how long. null: none. An unavailable tenant trips it too, so that only
 * one piece of work discovers it.
 */
export function breakerTripOf(
  error: unknown,
): { readonly side: Side; readonly forMs: number; readonly code: ErrorCode } | null {
  if (error instanceof AppError) {
    switch (error.code) {
      case 'crm_tenant_unavailable':
        return { side: 'crm', forMs: error.retryAfterMs ?? DEFAULT_WAIT_MS, code: error.code }
      case 'crm_tenant_deleted':
      case 'crm_privilege_missing':
        return { side: 'crm', forMs: AUTH_PROBE_MS, code: error.code }
      default:
        return null
    }
  }
  if (!(error instanceof UpstreamError)) {
    return null
  }
  const side: Side = error.system === 'emarketeer' ? 'emarketeer' : 'crm'
  const { code, retryAfterMs } = toAppError(error)
  if (error.code === 'upstream_rate_limited') {
    return { side, forMs: retryAfterMs ?? DEFAULT_WAIT_MS, code }
  }
  return error.code === 'upstream_auth_failed' ? { side, forMs: AUTH_PROBE_MS, code } : null
}

/** The wait after a 429 that names no time. */
const DEFAULT_WAIT_MS = 15_000
/** How often refused credentials are tried again, by all work together. */
export const AUTH_PROBE_MS = 5 * 60_000
