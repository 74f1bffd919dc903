import { type UpstreamCode, UpstreamError } from '../../http/index.js'

/** A failure without a failing HTTP status: an unusable answer, a refused sign-in. */
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
