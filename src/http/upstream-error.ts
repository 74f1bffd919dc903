/**
 * The error of every outside system (docs/wire-emarketeer.md, statuses). Clients convert every failure into an
 * {@link UpstreamError}, so that activities decide by codes and flags alone. It contains no header, body or query
 * value, so that no personal data and no secret can get into a log through it.
 */

/** An outside system's name in messages: `emarketeer`, or the name that a CRM's folder gives its CRM. */
export type UpstreamSystem = string

/** Stable codes. Support sees them, and they are Temporal failure types. */
export const UPSTREAM_CODES = [
  /** No connection came about, or it broke before an answer began. Retryable. */
  'upstream_unreachable',
  /** Our time-out passed, or the server answered 408. Retryable. */
  'upstream_timeout',
  /** 429. Retryable, after `retryAfterSeconds`. */
  'upstream_rate_limited',
  /** 5xx. Retryable. */
  'upstream_unavailable',
  /** 401. Not retryable: a person has to correct the credentials. */
  'upstream_auth_failed',
  /** 403. Not retryable: a right is missing. */
  'upstream_forbidden',
  /** 404. Not retryable. */
  'upstream_not_found',
  /** 409 or 412. Not retryable with the same request: read and decide again. */
  'upstream_conflict',
  /** Any other 4xx. Not retryable: the request itself is wrong. */
  'upstream_refused',
  /**
   * HTML, a body that was cut off, or another content type where JSON was expected. Retryable: proxies do this when
   * overloaded.
   */
  'upstream_not_json',
  /** JSON that does not fit the contract, or a redirect. Not retryable. */
  'upstream_unexpected_answer',
  /** More bytes, values, rows or levels than this call allows; not parsed. Not retryable. */
  'upstream_answer_too_large',
  /** The caller's own AbortSignal fired. Not retryable; `cause` is the signal's reason. */
  'upstream_cancelled',
] as const

export type UpstreamCode = (typeof UPSTREAM_CODES)[number]

/** The facts of a failed call. */
export interface UpstreamFailure {
  readonly code: UpstreamCode
  readonly system: UpstreamSystem
  /** HTTP status, or null if no answer began. */
  readonly status: number | null
  /** The system's own error code (`cursor_expired`, `0x80048306`), or null. */
  readonly upstreamCode: string | null
  /** Whether the same call may succeed later without a person. */
  readonly retryable: boolean
  /** A write whose outcome is unknown: it may have been stored. Always false for reads. */
  readonly mayHaveBeenApplied: boolean
  /** From Retry-After, at most 15 minutes; null if the server stated no time. */
  readonly retryAfterSeconds: number | null
  /** The requested wait if it is longer than ours; else absent or null. */
  readonly askedToWait?: string | null | undefined
  /** The server's id of this call, for the vendor's support; null if it sent none. */
  readonly requestId: string | null
  /** Method and path template, such as `POST /states/read`; never a value. */
  readonly operation: string
  /** The failure as text, without personal data. */
  readonly message: string
  /** Places in the request that the server refused, such as `emails[3]`; absent if it named none. */
  readonly paths?: readonly string[] | undefined
}

/** Fields that are null in most failures. */
type MostlyNull = 'status' | 'upstreamCode' | 'retryAfterSeconds' | 'requestId'

/** Thrown by every client of an outside system; see {@link UpstreamFailure}. */
export class UpstreamError extends Error implements UpstreamFailure {
  override readonly name = 'UpstreamError'
  readonly code: UpstreamCode
  readonly system: UpstreamSystem
  readonly status: number | null
  readonly upstreamCode: string | null
  readonly retryable: boolean
  readonly mayHaveBeenApplied: boolean
  readonly retryAfterSeconds: number | null
  readonly askedToWait: string | null
  readonly requestId: string | null
  readonly operation: string
  /** The message without system and operation. */
  readonly detail: string
  readonly paths: readonly string[]

  constructor(
    failure: Omit<UpstreamFailure, MostlyNull> & Partial<UpstreamFailure>,
    options?: { cause?: unknown },
  ) {
    super(`${failure.system} ${failure.operation}: ${failure.message}`, options)
    this.code = failure.code
    this.system = failure.system
    this.status = failure.status ?? null
    this.upstreamCode = failure.upstreamCode ?? null
    this.retryable = failure.retryable
    this.mayHaveBeenApplied = failure.mayHaveBeenApplied
    this.retryAfterSeconds = failure.retryAfterSeconds ?? null
    this.askedToWait = failure.askedToWait ?? null
    this.requestId = failure.requestId ?? null
    this.operation = failure.operation
    this.detail = failure.message
    this.paths = failure.paths ?? []
  }
}

/**
 * Requests something optional that the service may refuse, or may not know in its version.
 * @returns null if it is refused or the answer is unreadable. @throws for a temporary fault or a fault on our side
 * (throttled, unreachable, credentials, cancelled, too large).
 */
export async function ifAvailable<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking
  } catch (error) {
    if (error instanceof UpstreamError && isNoAnswer(error)) {
      return null
    }
    throw error
  }
}

/** Failures that are neither a refusal nor an unknown feature. They are not swallowed. */
const SAYS_SOMETHING: readonly UpstreamCode[] = [
  'upstream_auth_failed',
  'upstream_cancelled',
  'upstream_answer_too_large',
]

function isNoAnswer({ code, retryable }: UpstreamError): boolean {
  return code === 'upstream_unexpected_answer' || (!retryable && !SAYS_SOMETHING.includes(code))
}
