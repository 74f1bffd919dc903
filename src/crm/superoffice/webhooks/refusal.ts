import { UpstreamError } from '../../../http/index.js'
import { isOwnException, NOT_JSON } from '../wire/describe-error.js'

/**
 * Whether SuperOffice will have no webhook of ours, which is no fault (docs/wire-superoffice.md, 8): the agent is not
 * granted, webhooks are switched off, the server has none, or the test event failed. How the last is told is not
 * documented; an exception of the server's own, though its status be 500, is taken for it. Credentials that are refused,
 * limits and silence are no such refusal.
 */
export function isRefusal(error: unknown): error is UpstreamError {
  if (!(error instanceof UpstreamError) || error.status === null) {
    return false
  }
  const ofTheCall = error.code === 'upstream_auth_failed' || error.code === 'upstream_rate_limited'
  return !ofTheCall && (isOwnException(error) || (error.status >= 400 && error.status < 500))
}

/** Why there is no webhook, in plain words for Support. @param url without its path, which nobody need see. */
export function refusalInWords(error: UpstreamError, url: string): string {
  const { status, upstreamCode } = error
  const code = upstreamCode === null || upstreamCode === NOT_JSON ? `${status}` : upstreamCode
  switch (status) {
    case 403:
      return (
        `SuperOffice does not let us have webhooks (${code}). Online: the application has not been granted the Webhook ` +
        'agent, ask SuperOffice for it. On site: EnableWebhooks is off in the web.config.'
      )
    case 404:
    case 405:
      return `This version of SuperOffice has no webhooks (${code}).`
    default:
      return (
        `SuperOffice refuses to post to ${new URL(url).origin} (${code}). It must be https with a valid certificate, ` +
        "reachable from SuperOffice, and answer its test event with 200: that is our gateway's part."
      )
  }
}
