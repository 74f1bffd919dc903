import { type UpstreamCode, UpstreamError } from './upstream-error.js'

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
