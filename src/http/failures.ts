import { RequestError } from 'got'
import { classifyStatus, classifyTransport, isRetryableCode } from './classify.js'
import type { ErrorDescription, HttpOptions, HttpRequest, TextAnswer } from './http-types.js'
import { type UpstreamCode, UpstreamError } from './upstream-error.js'

/**
 * The longest wait for a Retry-After, in seconds. A longer one, such as a day, or a date in 2099 by mistake, must not
 * stop a connection. The requested time is reported (`askedToWait`), and a server that still needs a pause asks again.
 */
export const LONGEST_WAIT_SECONDS = 15 * 60

/** The wait that an answer requests. */
interface Wait {
  /** Integer seconds, at most {@link LONGEST_WAIT_SECONDS}; null if no time was stated. */
  readonly retryAfterSeconds: number | null
  /** The requested wait if it is longer: `86400 seconds`, or a time (ISO 8601, UTC); else null. */
  readonly askedToWait: string | null
}

const LONGEST_SHOWN = 12

/**
 * Reads a Retry-After header: seconds, or an HTTP date (RFC 9110, 10.2.3). Seconds are rounded up, so that we never
 * call too early. A missing or unreadable header (a negative number, text) states no time.
 */
export function readRetryAfter(header: string | undefined, nowMs: number): Wait {
  const text = header?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) {
    const shown = text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text
    return capped(Math.ceil(Number(text)), `${shown} seconds`)
  }
  // Date.parse reads "-5" and "1.5e3" as years; an HTTP date always starts with a weekday.
  const atMs = /^[A-Za-z]{3}/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(atMs)
    ? { retryAfterSeconds: null, askedToWait: null }
    : capped(Math.max(0, Math.ceil((atMs - nowMs) / 1000)), `until ${new Date(atMs).toISOString()}`)
}

function capped(seconds: number, asked: string): Wait {
  return seconds > LONGEST_WAIT_SECONDS
    ? { retryAfterSeconds: LONGEST_WAIT_SECONDS, askedToWait: asked }
    : { retryAfterSeconds: seconds, askedToWait: null }
}

/** The options that an error needs. */
type Source = Pick<HttpOptions, 'system' | 'requestIdHeader'>

/** An opaque id. It stays in the error and is neither logged nor shown. */
const REQUEST_ID = /^[\w|.:-]{1,100}$/

function requestIdOf(source: Source, headers: Readonly<Record<string, unknown>> | undefined) {
  const id = headers?.[source.requestIdHeader ?? 'x-request-id']
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : null
}

/** The failure for an answer with a failing status. */
export function statusFailure(
  source: Source,
  request: HttpRequest,
  answer: TextAnswer,
  described: ErrorDescription,
): UpstreamError {
  const base = classifyStatus(answer.status)
  const code = described.code ?? base.code
  const where = described.paths?.length ? ` at ${described.paths.join(', ')}` : ''
  const named = described.upstreamCode === null ? '' : ` ${described.upstreamCode}`
  const wait = readRetryAfter(answer.headers['retry-after'], Date.now())
  const asked = wait.askedToWait === null ? '' : `, asked to wait ${wait.askedToWait}`
  return new UpstreamError({
    code,
    system: source.system,
    status: answer.status,
    upstreamCode: described.upstreamCode,
    retryable:
      described.retryable ??
      (described.code === undefined ? base.retryable : isRetryableCode(code)),
    mayHaveBeenApplied:
      request.effect === 'write' && (described.mayHaveReachedServer ?? base.mayHaveReachedServer),
    ...wait,
    requestId: requestIdOf(source, answer.headers),
    operation: request.operation,
    message: `answered ${answer.status}${named}${where}${asked}`,
    paths: described.paths,
  })
}

/** The failure for an incomplete answer: time-out, connection trouble, a body that was cut off. */
export function transportFailure(
  source: Source,
  request: HttpRequest,
  error: unknown,
): UpstreamError {
  const { code, retryable, mayHaveReachedServer, reason } = classifyTransport(error)
  const response = error instanceof RequestError ? error.response : undefined
  return new UpstreamError({
    code,
    system: source.system,
    status: response?.statusCode ?? null,
    retryable,
    mayHaveBeenApplied: request.effect === 'write' && mayHaveReachedServer,
    ...readRetryAfter(response?.headers['retry-after'], Date.now()),
    requestId: requestIdOf(source, response?.headers),
    operation: request.operation,
    message: reason,
  })
}

/** The failure after the caller cancelled. If a write was already `sent`, it may have arrived. */
export function cancelled(
  source: Source,
  request: HttpRequest,
  signal: AbortSignal,
  sent: boolean,
): UpstreamError {
  return new UpstreamError(
    {
      code: 'upstream_cancelled',
      system: source.system,
      retryable: false,
      mayHaveBeenApplied: sent && request.effect === 'write',
      operation: request.operation,
      message: 'cancelled by the caller',
    },
    { cause: signal.reason },
  )
}

/** The failure for an answer with a good status that cannot be used. A write may have been executed. */
export function failure(
  source: Source,
  request: HttpRequest,
  code: UpstreamCode,
  reason: string,
  answer: TextAnswer | null,
): UpstreamError {
  return new UpstreamError({
    code,
    system: source.system,
    status: answer?.status ?? null,
    retryable: isRetryableCode(code),
    mayHaveBeenApplied: request.effect === 'write',
    requestId: requestIdOf(source, answer?.headers),
    operation: request.operation,
    message: reason,
  })
}
