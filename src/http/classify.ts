import { RequestError, TimeoutError } from 'got'
import { networkFailureOf } from '../contracts/network-failure.js'
import type { UpstreamCode } from './upstream-error.js'

/** The meaning of a failure, whatever the system. */
export interface Classification {
  readonly code: UpstreamCode
  readonly retryable: boolean
  /** Whether the server may have executed the request. */
  readonly mayHaveReachedServer: boolean
}

/** Classifies a status outside 2xx. Only after 5xx and 408 may a write have been stored. */
export function classifyStatus(status: number): Classification {
  if (status >= 500) {
    return { code: 'upstream_unavailable', retryable: true, mayHaveReachedServer: true }
  }
  switch (status) {
    case 401:
      return { code: 'upstream_auth_failed', retryable: false, mayHaveReachedServer: false }
    case 403:
      return { code: 'upstream_forbidden', retryable: false, mayHaveReachedServer: false }
    case 404:
      return { code: 'upstream_not_found', retryable: false, mayHaveReachedServer: false }
    case 408:
      return { code: 'upstream_timeout', retryable: true, mayHaveReachedServer: true }
    case 409:
    case 412:
      return { code: 'upstream_conflict', retryable: false, mayHaveReachedServer: false }
    case 429:
      return { code: 'upstream_rate_limited', retryable: true, mayHaveReachedServer: false }
    default:
      return status >= 400
        ? { code: 'upstream_refused', retryable: false, mayHaveReachedServer: false }
        : { code: 'upstream_unexpected_answer', retryable: false, mayHaveReachedServer: true }
  }
}

/** Whether waiting may help, by the code alone. Used if a system's body overrides the status. */
export function isRetryableCode(code: UpstreamCode): boolean {
  return (
    code === 'upstream_unreachable' ||
    code === 'upstream_timeout' ||
    code === 'upstream_rate_limited' ||
    code === 'upstream_unavailable' ||
    code === 'upstream_not_json'
  )
}

/** Phases of a time-out that end before the request is sent. */
const PHASES_BEFORE_SENDING = new Set(['lookup', 'connect', 'secureConnect'])

/** Shows only Node's own codes, such as `ECONNRESET`. */
function shownCode(code: string): string {
  return /^[A-Z][A-Z0-9_]{1,59}$/.test(code) ? code : 'unknown'
}

/** Classifies a failure without a complete answer. `reason` is short and names no address. */
export function classifyTransport(error: unknown): Classification & { readonly reason: string } {
  if (error instanceof TimeoutError) {
    const reached = !PHASES_BEFORE_SENDING.has(error.event)
    return {
      code: 'upstream_timeout',
      retryable: true,
      mayHaveReachedServer: reached,
      reason: `timed out (${error.event})`,
    }
  }
  const code = error instanceof RequestError ? shownCode(error.code) : 'unknown'
  const status = error instanceof RequestError ? error.response?.statusCode : undefined
  if (status !== undefined) {
    const cut = status >= 200 && status < 300
    const base = cut
      ? ({ code: 'upstream_not_json', retryable: true, mayHaveReachedServer: true } as const)
      : classifyStatus(status)
    return { ...base, reason: `the answer was cut off (${code})` }
  }
  const kind = networkFailureOf(error)?.kind
  return {
    code: 'upstream_unreachable',
    retryable: true,
    mayHaveReachedServer: kind !== 'notConnected' && kind !== 'certificate',
    reason: `connection failed (${code})`,
  }
}
