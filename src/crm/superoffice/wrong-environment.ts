import type { UpstreamError } from '../../http/index.js'
import { superOfficeFailure } from './superoffice-failure.js'

/**
 * Another database, or another user of ours, answers than the one that was set up. Nothing stored about rows, versions
 * or last writers holds there, so that nothing may be written. Not retryable.
 */
export function wrongEnvironment(what: 'database' | 'user'): UpstreamError {
  return superOfficeFailure(
    'upstream_auth_failed',
    'GET /User/currentPrincipal',
    `another ${what} answers than the one that was set up`,
    what === 'database' ? 'wrong_organization' : 'wrong_user',
  )
}
