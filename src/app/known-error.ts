import { AppError } from '../contracts/app-error.js'
import { toAppError } from '../connection/to-app-error.js'
import { isErrorCode, type ErrorCode } from '../contracts/error-catalogue.js'
import { temporalFailureOf } from '../contracts/temporal-failure.js'

/** Converts any error to one of the catalogue. An unexpected error becomes `internal`, named by its kind. */
export function toKnownError(error: unknown): AppError {
  if (error instanceof AppError) {
    return error
  }
  const known = fromTemporal(error) ?? toAppError(error)
  return known.code === 'internal' ? unexpected(error, known) : known
}

/**
 * Keeps only the kind of an unexpected error: a library's message may quote a row or an answer, which contain people.
 */
function unexpected(error: unknown, known: AppError): AppError {
  if (error instanceof Error && /^(Workflow|QueryRejected)/.test(error.name)) {
    return known
  }
  const name = error instanceof Error ? error.name : typeof error
  const code = (error as { code?: unknown } | null)?.code
  const kind = typeof code === 'string' ? `${name}, ${code.slice(0, 40)}` : name
  return new AppError(
    'internal',
    `Something unexpected went wrong (${kind}). LOG_LEVEL=debug shows more.`,
    { cause: error },
  )
}

/** The deepest nesting of a failure: child workflow, activity, application. */
const MAX_CAUSES = 8

/**
 * The fields of Temporal's errors that are read. They are recognised by name, because loading Temporal's client costs
 * every command 0.5 s.
 */
interface TemporalError extends Error {
  readonly type?: unknown
  readonly details?: unknown
}

/**
 * Converts an error of Temporal's client to an error of the catalogue. A failed workflow or a refused update carries
 * the catalogue's code as the type of its application failure, and the error's location as its first detail.
 * @returns null if it is not one of Temporal's errors.
 */
export function fromTemporal(error: unknown): AppError | null {
  const causes = causesOf(error)
  const application = causes.find((cause) => isErrorCode(cause.type))
  if (application) {
    const { path, value } = locationOf(application.details)
    return new AppError(application.type as ErrorCode, application.message, { path, value })
  }
  switch (causes[0]?.name) {
    case 'WorkflowNotFoundError':
      return new AppError('run_not_found', 'There is no such run.')
    case 'WorkflowFailedError':
    case 'WorkflowUpdateFailedError':
    case 'QueryRejectedError':
      return new AppError(
        causes.at(-1)?.name === 'TerminatedFailure' ? 'work_terminated' : 'internal',
        `The workflow failed (${endOf(causes)}).`,
      )
    default:
      return temporalFailureOf(error)
  }
}

/** `terminated`, `cancelled`, `timed out`, or the kind of failure. */
function endOf(causes: readonly TemporalError[]): string {
  const names: Readonly<Record<string, string>> = {
    TerminatedFailure: 'terminated',
    CancelledFailure: 'cancelled',
    TimeoutFailure: 'timed out',
  }
  const last = causes.at(-1)?.name ?? 'failed'
  return names[last] ?? last
}

function causesOf(error: unknown): readonly TemporalError[] {
  const causes: TemporalError[] = []
  let next = error
  while (next instanceof Error && causes.length < MAX_CAUSES) {
    causes.push(next)
    next = next.cause
  }
  return causes
}

function locationOf(details: unknown): { path: string | null; value: string | null } {
  const [location] = Array.isArray(details) ? (details as unknown[]) : []
  const { path, value } = (location ?? {}) as { path?: unknown; value?: unknown }
  const textOf = (part: unknown) => (typeof part === 'string' ? part : null)
  return { path: textOf(path), value: textOf(value) }
}
