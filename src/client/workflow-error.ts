import {
  WorkflowFailedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client'
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common'
import { AppError } from '../contracts/app-error.js'
import { isErrorCode } from '../contracts/error-catalogue.js'
import { temporalFailureOf, temporalNotConnected } from '../contracts/temporal-failure.js'

/**
 * Converts an error of Temporal's client to one of the catalogue: a workflow's or update's failure by its type, a
 * server that does not answer to `temporal_unreachable`, anything else to `internal`.
 */
export function toClientError(error: unknown): AppError {
  if (error instanceof AppError) {
    return error
  }
  if (error instanceof WorkflowFailedError || error instanceof WorkflowUpdateFailedError) {
    return ofFailure(error)
  }
  if (error instanceof WorkflowNotFoundError) {
    return new AppError('run_not_found', 'There is no such pre-send, or it has ended.', {
      cause: error,
    })
  }
  if (error instanceof WorkflowUpdateRPCTimeoutOrCancelledError) {
    return temporalNotConnected({}, error)
  }
  const outside = temporalFailureOf(error)
  if (outside !== null) {
    return outside
  }
  return new AppError('internal', 'Temporal refused the call.', { cause: error })
}

/** Takes the innermost failure with a code of the catalogue; activities and child workflows wrap it. */
function ofFailure(error: Error): AppError {
  for (const cause of causesOf(error)) {
    if (cause instanceof ApplicationFailure && isErrorCode(cause.type)) {
      const { path, value } = (cause.details?.[0] ?? {}) as Record<string, unknown>
      return new AppError(cause.type, cause.message, {
        path: typeof path === 'string' ? path : null,
        value: typeof value === 'string' ? value : null,
        cause: error,
      })
    }
    if (cause instanceof CancelledFailure || cause instanceof TerminatedFailure) {
      return new AppError('pre_send_aborted', 'The pre-send was ended from outside.', {
        cause: error,
      })
    }
  }
  return new AppError('internal', 'The pre-send failed.', { cause: error })
}

function* causesOf(error: Error): Generator<unknown> {
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    yield cause
  }
}
