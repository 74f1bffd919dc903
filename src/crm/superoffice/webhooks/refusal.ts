import { UpstreamError } from '../../../http/index.js'
import { isOwnException, NOT_JSON } from '../wire/describe-error.js'

/**
 * Whether SuperOffice accepts no webhook of ours, which is no fault (docs/wire-superoffice.md, 8): the agent is not
 * granted, webhooks are switched off, the server has none, or the test event failed. The form of the last is not
 * documented; an exception of the server's own counts as it, even with status 500. Refused credentials, limits and
 * silence do not.
 */
export function isRefusal(error: unknown): error is UpstreamError {
  if (!(error instanceof UpstreamError) || error.status === null) {
    return false
  }
  const ofTheCall = error.code === 'upstream_auth_failed' || error.code === 'upstream_rate_limited'
  return !ofTheCall && (isOwnException(error) || (error.status >= 400 && error.status < 500))
}

/** Why there is no webhook, in plain words for Support. @param url shown without its path. */
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
