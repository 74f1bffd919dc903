import {
  type UpstreamCode,
  type ErrorDescription,
  jsonOrUndefined,
  SMALL_ANSWER,
  type TextAnswer,
  UpstreamError,
} from '../../../http/index.js'
import { classifyStatus, isRetryableCode } from '../../../http/classify.js'
import { readRetryAfter } from '../../../http/failures.js'
import type { BatchPart } from './batch-decode.js'

/**
 * Dataverse's error codes (docs/wire-dataverse.md, 3.2). The status decides first; only codes that are more precise are
 * listed, and messages are never read.
 */
export interface KnownError {
  readonly code: string
  readonly name: string
  /** Replaces the outcome of the status; absent: that of the status. */
  readonly outcome?: UpstreamCode
}

/** Somebody is customizing the organisation; metadata and publish calls must wait. */
export const CUSTOMIZATION_LOCK = '0x80071151'

/** The change token is too old, or the table's metadata changed. */
export const EXPIRED_VERSION_STAMP = '0x80044352'

/** A senseless query: the answer to a mangled change token. */
export const INVALID_QUERY = '0x80044183'

/** SQL time-out: send less per request. */
export const SQL_TIMEOUT = '0x80044151'

/** The column already exists. */
export const DUPLICATE_ATTRIBUTE = '0x80047013'

/** An unknown name: also the answer for a column shortly after its creation. */
export const UNKNOWN_NAME = '0x80060888'

/** A component that others refer to is not deleted. */
export const HAS_DEPENDENTS = '0x8004f01f'

/** Codes that mean a missing privilege. */
export const PRIVILEGE_CODES: readonly string[] = [
  '0x80040220',
  '0x80040231',
  '0x80042f09',
  '0x80048306',
]

export const KNOWN_ERRORS: readonly KnownError[] = [
  { code: '0x80072322', name: 'TooManyRequests', outcome: 'upstream_rate_limited' },
  { code: '0x80072321', name: 'TooMuchExecutionTime', outcome: 'upstream_rate_limited' },
  { code: '0x80072326', name: 'TooManyConcurrentRequests', outcome: 'upstream_rate_limited' },
  {
    code: CUSTOMIZATION_LOCK,
    name: 'SolutionConcurrencyFailure',
    outcome: 'upstream_rate_limited',
  },
  { code: '0x80040217', name: 'ObjectDoesNotExist', outcome: 'upstream_not_found' },
  { code: '0x80060891', name: 'RecordNotFoundByEntityKey', outcome: 'upstream_not_found' },
  { code: UNKNOWN_NAME, name: 'UnknownName' },
  { code: '0x80048d19', name: 'InvalidPayload', outcome: 'upstream_refused' },
  { code: '0x80044331', name: 'TextTooLong', outcome: 'upstream_refused' },
  { code: '0x8004430c', name: 'TooManyConditions', outcome: 'upstream_refused' },
  { code: EXPIRED_VERSION_STAMP, name: 'ExpiredVersionStamp', outcome: 'upstream_refused' },
  { code: INVALID_QUERY, name: 'InvalidQuery', outcome: 'upstream_refused' },
  { code: '0x80060882', name: 'VersionMismatch', outcome: 'upstream_conflict' },
  { code: '0x80040237', name: 'DuplicateKey', outcome: 'upstream_conflict' },
  { code: '0x80060892', name: 'DuplicateRecordEntityKey', outcome: 'upstream_conflict' },
  { code: '0x80073002', name: 'DuplicateRecordsFound', outcome: 'upstream_conflict' },
  { code: '0x80040333', name: 'DuplicateDetected' },
  { code: '0x80040220', name: 'PrivilegeMissing', outcome: 'upstream_forbidden' },
  { code: '0x80040231', name: 'PrincipalPrivilegeDenied', outcome: 'upstream_forbidden' },
  { code: '0x80042f09', name: 'UserNotAssignedRoles', outcome: 'upstream_forbidden' },
  { code: '0x80048306', name: 'UnmanagedIdsAccessDenied', outcome: 'upstream_forbidden' },
  { code: '0x8004f502', name: 'SecuredColumnCreate', outcome: 'upstream_forbidden' },
  { code: '0x8004f504', name: 'SecuredColumnRead', outcome: 'upstream_forbidden' },
  { code: '0x8004f507', name: 'SecuredColumnUpdate', outcome: 'upstream_forbidden' },
  { code: '0x80072560', name: 'NoApplicationUser', outcome: 'upstream_auth_failed' },
  { code: '0x80040225', name: 'ApplicationUserDisabled', outcome: 'upstream_auth_failed' },
  { code: '0x8004d24b', name: 'ApplicationUserDisabled', outcome: 'upstream_auth_failed' },
  { code: '0x80040265', name: 'PluginRefused', outcome: 'upstream_refused' },
  { code: DUPLICATE_ATTRIBUTE, name: 'DuplicateAttribute', outcome: 'upstream_refused' },
  { code: HAS_DEPENDENTS, name: 'HasDependents', outcome: 'upstream_refused' },
  { code: '0x80044150', name: 'SqlError', outcome: 'upstream_unavailable' },
  { code: SQL_TIMEOUT, name: 'SqlTimeout', outcome: 'upstream_unavailable' },
  { code: '0x80040216', name: 'Unexpected' },
]

const BY_CODE = new Map(KNOWN_ERRORS.map((error) => [error.code.toLowerCase(), error]))

/** The entry of a code, in any case. */
export function knownError(code: string | null): KnownError | null {
  return code === null ? null : (BY_CODE.get(code.toLowerCase()) ?? null)
}

/** Codes are HRESULTs; anything else may be a value and is not shown. */
const CODE = /^0x8[0-9a-f]{7}$/i

/** The only part of a message that is read, and only to show it: the missing privilege's name. */
const MISSING_PRIVILEGE = /\b(prv[A-Za-z0-9_]{1,80})\b/

/** The code of an error body, `{"error":{"code","message"}}`; null if empty, which is frequent. */
export function errorCodeOf(body: string): string | null {
  const code = errorOf(body)?.code
  return typeof code === 'string' && CODE.test(code) ? code.toLowerCase() : null
}

/** Describes a refused request for `src/http` (docs/wire-dataverse.md, 3). */
export function describeDataverseError(answer: TextAnswer): ErrorDescription {
  const upstreamCode = errorCodeOf(answer.body)
  const message = errorOf(answer.body)?.message
  const privilege =
    upstreamCode !== null && PRIVILEGE_CODES.includes(upstreamCode) && typeof message === 'string'
      ? MISSING_PRIVILEGE.exec(message)?.[1]
      : undefined
  return {
    upstreamCode,
    code: overridingCode(answer.status, upstreamCode),
    paths: privilege === undefined ? [] : [privilege],
  }
}

/** 429, 401 and 5xx are clear; below them a known code is more precise than its status. */
function overridingCode(status: number, upstreamCode: string | null): UpstreamCode | undefined {
  if (status === 401 || status === 429 || status >= 500) {
    return undefined
  }
  return knownError(upstreamCode)?.outcome
}

function errorOf(body: string): { code?: unknown; message?: unknown } | null {
  const parsed = jsonOrUndefined(body, SMALL_ANSWER.elements)
  const error = (parsed as { error?: unknown } | null | undefined)?.error
  return typeof error === 'object' && error !== null ? error : null
}

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
    retryable: true,
    mayHaveBeenApplied: effect === 'write',
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
