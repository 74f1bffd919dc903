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
    upstreamCode,
    retryable: false,
    mayHaveBeenApplied: false,
    operation,
    message,
  })
}
