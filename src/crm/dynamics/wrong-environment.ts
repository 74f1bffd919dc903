import { UpstreamError } from '../../http/index.js'

/**
 * Another organisation answers at this URL than the one that was set up (a restored or re-pointed environment). Nothing
 * stored about records, cursors or versions is valid there, so nothing may be written. Not retryable.
 */
export function wrongEnvironment(): UpstreamError {
  return new UpstreamError({
    code: 'upstream_auth_failed',
    system: 'dynamics',
    status: null,
    upstreamCode: 'wrong_organization',
    retryable: false,
    mayHaveBeenApplied: false,
    retryAfterSeconds: null,
    requestId: null,
    operation: 'GET /WhoAmI',
    message: 'another organisation answers than the one that was set up',
  })
}
