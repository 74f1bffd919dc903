import { classifyStatus, isRetryableCode } from '../../../http/classify.js'
import { type UpstreamCode, UpstreamError } from '../../../http/index.js'
import { readRetryAfter } from '../../../http/retry-after.js'
import type { BatchPart } from './batch-decode.js'
import { describeDataverseError } from './describe-error.js'

/** The error of a failed part of a `$batch`, with the same meaning as of a single request. */
export function partError(part: BatchPart, operation: string, effect: 'read' | 'write') {
  const body = part.body.toString('utf8')
  const described = describeDataverseError({ status: part.status, headers: part.headers, body })
  const base = classifyStatus(part.status)
  const code = described.code ?? base.code
  return new UpstreamError({
    code,
    system: 'dynamics',
    status: part.status,
    upstreamCode: described.upstreamCode,
    retryable: described.code === undefined ? base.retryable : isRetryableCode(code),
    mayHaveBeenApplied: effect === 'write' && base.mayHaveReachedServer,
    ...readRetryAfter(part.headers['retry-after'], Date.now()),
    requestId: part.headers['x-ms-service-request-id'] ?? part.headers['req_id'] ?? null,
    operation,
    message: ['answered', part.status, described.upstreamCode, ...(described.paths ?? [])]
      .filter((word) => word !== null)
      .join(' '),
  })
}

/** An unusable or missing answer. */
export function lostAnswer(operation: string, effect: 'read' | 'write', message: string) {
  return new UpstreamError({
    code: 'upstream_unexpected_answer',
    system: 'dynamics',
    status: null,
    upstreamCode: null,
    retryable: true,
    mayHaveBeenApplied: effect === 'write',
    retryAfterSeconds: null,
    requestId: null,
    operation,
    message,
  })
}

/** An unusable answer to a read; one that is too large is not requested again. */
export function unusableAnswer(
  operation: string,
  { code, reason }: { readonly code: UpstreamCode; readonly reason: string },
) {
  return code === 'upstream_answer_too_large'
    ? new UpstreamError({
        ...lostAnswer(operation, 'read', reason),
        code,
        message: reason,
        retryable: false,
      })
    : lostAnswer(operation, 'read', reason)
}

/** Whether a part was carried out. */
export function succeeded(part: BatchPart): boolean {
  return part.status >= 200 && part.status < 300
}
