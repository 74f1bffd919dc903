import type { UpstreamCode } from '../../../http/index.js'

/**
 * Dataverse's error codes (docs/wire-dataverse.md, 3.2). The status decides first; only codes that are more precise are
 * listed, and messages are never read.
 */
export interface KnownError {
  readonly code: string
  readonly name: string
  /** Replaces the outcome of the status; absent: as the status says. */
  readonly outcome?: UpstreamCode
}

/** Somebody is customizing the organisation; metadata and publish calls must wait. */
export const CUSTOMIZATION_LOCK = '0x80071151'

/** The change token is too old, or the table's metadata changed. */
export const EXPIRED_VERSION_STAMP = '0x80044352'

/** A senseless query: the answer to a mangled change token. */
export const INVALID_QUERY = '0x80044183'

/** SQL time-out: send less at once. */
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
