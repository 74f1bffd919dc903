import { type UpstreamCode, UpstreamError } from './upstream-error.js'

/**
 * Asks for what the service may refuse to tell, or may not know in its version, and what can be done without.
 *
 * @returns null where it is refused, or the answer says nothing that can be read. @throws what passes, or is wrong with us
 * (throttled, unreachable, credentials, cancelled, too large).
 */
export async function whereTold<T>(asking: Promise<T>): Promise<T | null> {
  try {
    return await asking
  } catch (error) {
    if (error instanceof UpstreamError && isNoAnswer(error)) {
      return null
    }
    throw error
  }
}

/** A person has to look: what was asked is neither refused nor unknown there. */
const SAYS_SOMETHING: readonly UpstreamCode[] = [
  'upstream_auth_failed',
  'upstream_cancelled',
  'upstream_answer_too_large',
]

function isNoAnswer({ code, retryable }: UpstreamError): boolean {
  return code === 'upstream_unexpected_answer' || (!retryable && !SAYS_SOMETHING.includes(code))
}
