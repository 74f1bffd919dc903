import { type UpstreamCode, UpstreamError } from '../../http/index.js'

/** A failure that no HTTP status tells: an answer that cannot be used, a refused sign-in. */
export function superOfficeFailure(
  code: UpstreamCode,
  operation: string,
  message: string,
  upstreamCode: string | null = null,
): UpstreamError {
  return new UpstreamError({
    code,
    system: 'superoffice',
    status: null,
    upstreamCode,
    retryable: false,
    mayHaveBeenApplied: false,
    retryAfterSeconds: null,
    requestId: null,
    operation,
    message,
  })
}
