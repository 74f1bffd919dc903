/**
 * The gateway could not be reached, or answered with something that the catalogue does not know. Errors of the
 * catalogue come as AppError.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'

  constructor(
    message: string,
    /** Whether the same call may succeed later without anybody's help. */
    readonly retryable: boolean,
    /** HTTP status, or null where no answer came. */
    readonly status: number | null,
    options?: { cause?: unknown },
  ) {
    super(message, options)
  }
}
