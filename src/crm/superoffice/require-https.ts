import { AppError } from '../../contracts/app-error.js'
import { superOfficeFailure } from './superoffice-failure.js'

const LOOPBACK = ['127.0.0.1', '[::1]', 'localhost']

/** Whether secrets and consent may go to an address: https, or http on loopback under the switch; no user inside. */
export function mayCarrySecrets(text: string, allowLoopbackHttp: boolean): boolean {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || url.username !== '' || url.password !== '') {
    return false
  }
  const trying = allowLoopbackHttp && LOOPBACK.includes(url.hostname)
  return url.protocol === 'https:' || (url.protocol === 'http:' && trying)
}

/** Checks a configured address once more where it is used. @throws AppError `http_not_allowed` */
export function requireHttps(address: string, path: string, allowLoopbackHttp: boolean): void {
  if (!mayCarrySecrets(address, allowLoopbackHttp)) {
    throw new AppError('http_not_allowed', 'This address must be https.', {
      path: `superoffice.${path}`,
    })
  }
}

/** Checks an address that the tenant's status handed out. @throws UpstreamError, not retryable */
export function requireHandedOutHttps(address: string, allowLoopbackHttp: boolean): void {
  if (!mayCarrySecrets(address, allowLoopbackHttp)) {
    throw superOfficeFailure(
      'upstream_unexpected_answer',
      'GET /api/state/{context}',
      'the API address handed out is not https',
    )
  }
}
