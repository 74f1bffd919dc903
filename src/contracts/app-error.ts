import { ERROR_CATALOGUE, type ErrorCode, type ErrorKind } from './error-catalogue.js'

/** Where an error lies, and which value (redacted) it is about. */
export interface ErrorPlace {
  /** Path inside the input (`dynamics.clientSecret`), or null. */
  readonly path?: string | null
  /** The value, already redacted; never a secret, an address or a name. */
  readonly value?: string | null
  /** When the outside asked to wait. */
  readonly retryAfterMs?: number | null
  readonly cause?: unknown
}

/** How an error stands in JSON (`--json`, the gateway). */
export interface ErrorDocument {
  readonly error: {
    readonly code: ErrorCode
    readonly message: string
    readonly path: string | null
    readonly value: string | null
    readonly hint: string
  }
}

/** An error of the catalogue: what, where, which value, what to do. Retryable or not by its code. */
export class AppError extends Error {
  override readonly name = 'AppError'
  readonly path: string | null
  readonly value: string | null
  readonly retryAfterMs: number | null

  constructor(
    readonly code: ErrorCode,
    message: string,
    place: ErrorPlace = {},
  ) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause })
    this.path = place.path ?? null
    this.value = place.value ?? null
    this.retryAfterMs = place.retryAfterMs ?? null
  }

  get kind(): ErrorKind {
    return ERROR_CATALOGUE[this.code]
  }

  /** The document that `--json` and the gateway show. */
  toDocument(): ErrorDocument {
    const { code, message, path, value, kind } = this
    return { error: { code, message, path, value, hint: kind.hint } }
  }
}
