import { UpstreamError } from '../../../http/index.js'

/** Whether a link points into the environment; the access token is sent nowhere else. */
export function isOwnLink(environmentUrl: string, link: string): boolean {
  try {
    return new URL(link).origin === new URL(environmentUrl).origin
  } catch {
    return false
  }
}

/**
 * Takes a next or delta link from an answer, verbatim: decoding and encoding would change its cookie.
 * @throws UpstreamError `upstream_unexpected_answer`, not retryable, if it leads outside the environment.
 */
export function ownLink(environmentUrl: string, link: string, operation: string): string {
  if (isOwnLink(environmentUrl, link)) {
    return link
  }
  throw new UpstreamError({
    code: 'upstream_unexpected_answer',
    system: 'dynamics',
    retryable: false,
    mayHaveBeenApplied: false,
    operation,
    message: 'a link to another origin',
  })
}
