import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  ContinueAsNew,
  isCancellation,
  TemporalFailure,
  TerminatedFailure,
  TimeoutFailure,
  CancelledFailure,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow'
import { AppError } from '../contracts/app-error.js'
import { isErrorCode, type ErrorCode } from '../contracts/error-catalogue.js'
import { judged } from '../contracts/judge.js'
import type { Schema } from '../contracts/schema.js'
import { mark } from './phase.js'

/**
 * The entry of every workflow: validates the input first, and gives every failure a code of the catalogue on top. A
 * failed or cancelled workflow can be found by `Phase="failed"`. No error, not even a bug, repeats a workflow task
 * forever.
 * @param given all arguments of the workflow's start.
 * @throws ApplicationFailure, not retryable; rethrows a cancellation of the workflow itself unchanged.
 */
export async function entry<Input, Result>(
  schema: Schema<Input>,
  given: readonly unknown[],
  work: (input: Input) => Promise<Result>,
): Promise<Result> {
  const root = CancellationScope.current()
  try {
    return await work(judged(schema, given))
  } catch (error) {
    if (error instanceof ContinueAsNew) {
      throw error
    }
    mark({ phase: 'failed' })
    throw isCancellation(error) && root.consideredCancelled ? error : toFailure(error)
  }
}

/** Converts any error to a failure that ends a workflow or refuses a message, with its code on top. */
export function toFailure(error: unknown): ApplicationFailure {
  if (error instanceof AppError) {
    const document = error.toDocument().error
    return failure(error.code, error.message, [document])
  }
  const origin = originOf(error)
  if (origin instanceof ApplicationFailure) {
    const { type, message, details } = origin
    return origin === error && isErrorCode(type)
      ? origin
      : failure(known(type), message, details ?? [], error)
  }
  if (error instanceof TemporalFailure) {
    const code = codeOfEnd(origin)
    return failure(code, ENDS[code] ?? 'It did not succeed in time.', [], error)
  }
  const { name, message } = error instanceof Error ? error : { name: typeof error, message: '' }
  return failure('internal', `${name}: ${message.slice(0, MAX_MESSAGE)}`, [])
}

/** The catalogue's code of a failure. */
function codeOf(error: unknown): ErrorCode {
  const origin = originOf(error)
  return origin instanceof ApplicationFailure ? known(origin.type) : codeOfEnd(origin)
}

/**
 * The catalogue's code for a failure's type. An activity that no worker knows, or a bug in one, fails with a type of
 * the SDK's.
 */
function known(type: string | null | undefined): ErrorCode {
  return isErrorCode(type) ? type : 'internal'
}

/** Whether an activity's time-out ended it, although it would have been retried. */
export function isByDeadline(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    (error.retryState === 'TIMEOUT' ||
      (error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'SCHEDULE_TO_CLOSE'))
  )
}

/** The codes of a failure. If the deadline ended the work, that code comes first, then the cause if it is known. */
export function codesOf(error: unknown, hasPassed: boolean): readonly ErrorCode[] {
  const code = codeOf(error)
  if (!hasPassed && !isByDeadline(error)) {
    return [code]
  }
  return ['deadline_reached', ...(ENDED_FROM_OUTSIDE.has(code) ? [] : [code])]
}

/** Codes that state only that the work was ended. */
const ENDED_FROM_OUTSIDE: ReadonlySet<string> = new Set(['timed_out', 'work_cancelled'])

/** The cause beneath the failures of activities and child workflows, which only wrap it. */
function originOf(error: unknown): unknown {
  let origin: unknown = error
  while (
    (origin instanceof ActivityFailure || origin instanceof ChildWorkflowFailure) &&
    origin.cause !== undefined
  ) {
    origin = origin.cause
  }
  return origin
}

const ENDS: Readonly<Partial<Record<ErrorCode, string>>> = {
  timed_out: 'It did not end in time.',
  work_cancelled: 'A part of it was cancelled in Temporal.',
  work_terminated: 'A part of it was terminated in Temporal.',
}

function codeOfEnd(origin: unknown): ErrorCode {
  if (origin instanceof TimeoutFailure) {
    // The failure of the last try. The SDK gives a time-out no cause of its own.
    const { type } = origin.failure?.cause?.applicationFailureInfo ?? {}
    return type ? known(type) : 'timed_out'
  }
  if (origin instanceof CancelledFailure) {
    return 'work_cancelled'
  }
  return origin instanceof TerminatedFailure ? 'work_terminated' : 'internal'
}

/** Longest part of a bug's message that is shown: enough to find the bug. */
const MAX_MESSAGE = 200

function failure(
  type: string,
  message: string,
  details: unknown[],
  cause?: unknown,
): ApplicationFailure {
  return ApplicationFailure.create({
    type,
    message,
    nonRetryable: true,
    details,
    ...(cause instanceof Error ? { cause } : {}),
  })
}

/**
 * Pins runs of a workflow to the build on which they began. Set only if the worker has a deployment: without one (no
 * deployment name) the server refuses every task.
 */
export function staysWithItsBuild<Args extends unknown[], Result>(
  workflow: (...given: Args) => Promise<Result>,
): void {
  setWorkflowOptions(
    () =>
      workflowInfo().currentDeploymentVersion?.deploymentName
        ? { versioningBehavior: 'PINNED' }
        : {},
    workflow,
  )
}
