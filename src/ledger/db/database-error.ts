import { AppError } from '../../contracts/app-error.js'
import type { ErrorCode } from '../../contracts/error-catalogue.js'
import { networkFailureOf } from '../../contracts/network-failure.js'
import { APPLICATION_ROLE } from './session-options.js'

/** SQLSTATE classes of a server that is stopped, or cannot work now. */
const UNREACHABLE_STATES = /^(08|53|57P|58|25006|25P03)/
/** SQLSTATEs of a lock or statement that took too long. */
const TOO_LONG_STATES = new Set(['55P03', '57014'])
/** Messages of a server that requires TLS: PostgreSQL before and since 14, and hosted servers. */
const TLS_REQUIRED = /no encryption|SSL off|(?:SSL|TLS|encrypted) connection is required/i
/** The driver's messages for a server without TLS; they have no code. */
const NO_TLS = /does not support SSL|establishing an SSL connection/

/** The message for a role that does not exist. */
const NO_ROLE = /"role"/

/** SQLSTATEs of a refused connection. */
const REFUSED_STATES: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  '28P01': ['database_auth_failed', 'PostgreSQL refuses the user or the password'],
  '28000': ['database_auth_failed', 'PostgreSQL refuses the user'],
  '3D000': ['database_missing', 'The server has no such database'],
  '42501': ['database_login_unfit', 'PostgreSQL refuses the login a right that it needs'],
  '53300': ['database_too_many_connections', 'PostgreSQL takes no further connection'],
}

/**
 * Turns a database fault into an error of the catalogue; returns other errors unchanged. The driver's text may quote
 * values, so it is kept as the cause and never shown.
 */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) {
    return error
  }
  const { message = '' } = error instanceof Error ? error : {}
  const failure = networkFailureOf(error)
  if (failure !== null) {
    return failure.kind === 'certificate' || failure.kind === 'tls'
      ? fault(
          'database_tls_failed',
          'No TLS connection with PostgreSQL came about',
          failure.code,
          error,
        )
      : unreachable(error, failure.code)
  }
  if (NO_TLS.test(message)) {
    return fault('database_tls_failed', 'PostgreSQL speaks no TLS', 'no TLS', error)
  }
  const state = stateOf(error)
  if (isFileError(error)) {
    return fault(
      'database_tls_failed',
      'A file that DATABASE_URL names cannot be read',
      state ?? 'open',
      error,
    )
  }
  if (state === '28000' && TLS_REQUIRED.test(message)) {
    return fault(
      'database_tls_required',
      'PostgreSQL takes no connection without TLS',
      state,
      error,
    )
  }
  if (state === '22023' && NO_ROLE.test(message)) {
    return new AppError('database_not_migrated', `The server has no role ${APPLICATION_ROLE}.`, {
      value: state,
    })
  }
  const [code, what] = (state && REFUSED_STATES[state]) || []
  if (code && what && state) {
    return fault(code, what, state, error)
  }
  if (state && UNREACHABLE_STATES.test(state)) {
    return unreachable(error, state)
  }
  if (state && TOO_LONG_STATES.has(state)) {
    return new AppError(
      'database_busy',
      `PostgreSQL gave up a statement that waited too long (${state}).`,
      { value: state, cause: error },
    )
  }
  if (state === '42P01' || state === '42703') {
    return new AppError('database_not_migrated', 'The database lacks tables of this release.', {
      value: state,
    })
  }
  if (/Connection terminated|connection error|timeout|ended|closed/i.test(message)) {
    return unreachable(error, 'connection')
  }
  return error
}

function unreachable(cause: unknown, code: string): AppError {
  return fault('database_unreachable', 'PostgreSQL cannot be used now', code, cause)
}

/** A fault whose cause lies in DATABASE_URL. */
function fault(code: ErrorCode, what: string, reason: string, cause: unknown): AppError {
  return new AppError(code, `${what} (${reason}).`, { path: 'DATABASE_URL', cause })
}

/** The driver opens `sslrootcert`, `sslcert` and `sslkey` when it connects. */
function isFileError(error: unknown): boolean {
  return (error as { syscall?: unknown } | null)?.syscall === 'open'
}

function stateOf(error: unknown): string | null {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : null
}
