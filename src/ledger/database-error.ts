import { AppError } from '../contracts/app-error.js'

/** SQLSTATE classes that mean "the server is not there (any more) or cannot work now". */
const UNREACHABLE_STATES = /^(08|53|57P|58|25006|25P03)/
/** Somebody held a lock for too long, or a statement took too long. */
const TOO_LONG_STATES = new Set(['55P03', '57014'])
const UNREACHABLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
])

/**
 * Turns a database fault into one of the catalogue: `database_unreachable` and `database_busy` (retryable),
 * `database_not_migrated` (not), or the error as it came. The driver's own text may quote values, so it is kept as
 * cause and never shown.
 */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof AppError) {
    return error
  }
  const code = codeOf(error)
  if (code && (UNREACHABLE_CODES.has(code) || UNREACHABLE_STATES.test(code))) {
    return unreachable(error, code)
  }
  if (code && TOO_LONG_STATES.has(code)) {
    return new AppError(
      'database_busy',
      `PostgreSQL gave up a statement that waited too long (${code}).`,
      {
        value: code,
        cause: error,
      },
    )
  }
  if (code === '42P01' || code === '42703') {
    return new AppError('database_not_migrated', 'The database lacks tables of this release.', {
      value: code,
    })
  }
  if (
    error instanceof Error &&
    /Connection terminated|connection error|timeout|ended|closed/i.test(error.message)
  ) {
    return unreachable(error, 'connection')
  }
  return error
}

function unreachable(cause: unknown, code: string): AppError {
  return new AppError('database_unreachable', `PostgreSQL cannot be used now (${code}).`, {
    path: 'DATABASE_URL',
    cause,
  })
}

function codeOf(error: unknown): string | null {
  if (error instanceof AggregateError) {
    return error.errors.map(codeOf).find((code) => code !== null) ?? null
  }
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : null
}
