import { ERROR_CATALOGUE, type ErrorCode, type ErrorKind } from './error-catalogue.js'

/** Location of an error, and the redacted value there. */
export interface ErrorLocation {
  /** Path inside the input (`dynamics.clientSecret`), or null. */
  readonly path?: string | null
  /** The value, already redacted; never a secret, an address or a name. It is cut after 200 characters. */
  readonly value?: string | null
  /** The wait that the external system asked for. */
  readonly retryAfterMs?: number | null
  readonly cause?: unknown
}

/** Longer than any id or address of a server. */
const MAX_VALUE = 200

/** JSON form of an error (`--json`, the gateway). */
export interface ErrorDocument {
  readonly error: {
    readonly code: ErrorCode
    readonly message: string
    readonly path: string | null
    readonly value: string | null
    readonly hint: string
  }
}

/**
 * An error of the catalogue: what failed, where, the value, and the remedy. Its code decides whether it is retryable.
 */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly path: string | null
  readonly value: string | null
  readonly retryAfterMs: number | null

  constructor(
    readonly code: ErrorCode,
    message: string,
    location: ErrorLocation = {},
  ) {
    super(message, location.cause === undefined ? undefined : { cause: location.cause })
    this.path = location.path ?? null
    const { value = null } = location
    this.value =
      value !== null && value.length > MAX_VALUE ? `${value.slice(0, MAX_VALUE)}…` : value
    this.retryAfterMs = location.retryAfterMs ?? null
  }

  get kind(): ErrorKind {
    return ERROR_CATALOGUE[this.code]
  }

  toDocument(): ErrorDocument {
    const { code, message, path, value, kind } = this
    return { error: { code, message, path, value, hint: kind.hint } }
  }
}
