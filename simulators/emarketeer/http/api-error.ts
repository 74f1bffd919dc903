import { json, type SimResponse } from '../../common/http-server.js'

/** One refused field of a request. */
export interface ErrorDetail {
  readonly path: string
  readonly message: string
}

/** A 4xx or 5xx answer with eMarketeer's error body. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: readonly ErrorDetail[] = [],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }

  response(requestId: string): SimResponse {
    const { code, message, details } = this
    return json(this.status, { error: { code, message, requestId, details } }, { ...this.headers })
  }
}

/** 422 with the refused fields. */
export function invalid(details: readonly ErrorDetail[]): ApiError {
  const problems = `${details.length} problem${details.length === 1 ? '' : 's'}`
  return new ApiError(422, 'validation_failed', problems, details)
}

/** 422 for more items than allowed. */
export function tooMany(path: string, max: number): ApiError {
  const detail = { path, message: `at most ${max} are allowed` }
  return new ApiError(422, 'limit_exceeded', 'too many items', [detail])
}

/** 404. */
export function notFound(what: string): ApiError {
  return new ApiError(404, 'not_found', `${what} not found`)
}
