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
} from '@temporalio/workflow'
import { AppError } from '../contracts/app-error.js'
import { isErrorCode, type ErrorCode } from '../contracts/error-catalogue.js'
import { judged } from '../contracts/judge.js'
import type { Schema } from '../contracts/schema.js'
import { mark } from './phase.js'

/**
 * The one way into a workflow: its input is judged before anything else, and whatever it fails with has a code of the
 * catalogue on top. However it fails, and when it is cancelled, it can be found by `Phase="failed"`. Nothing that is thrown repeats a workflow's task for ever, a mistake of our own neither.
 *
 * @param given all arguments that it was started with.
 * @throws ApplicationFailure, not retryable; a cancellation of the workflow itself as it is.
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

/** Anything that was thrown, as a failure that ends a workflow or refuses a message, its code on top. */
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

/** The catalogue's code of whatever failed. */
export function codeOf(error: unknown): ErrorCode {
  const origin = originOf(error)
  return origin instanceof ApplicationFailure ? known(origin.type) : codeOfEnd(origin)
}

/** An activity that no worker knows, or a mistake in it, fails with a type of the SDK's. */
function known(type: string | null | undefined): ErrorCode {
  return isErrorCode(type) ? type : 'internal'
}

/** Whether an activity was ended by the time that it had: it would have been tried again. */
export function isByDeadline(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    (error.retryState === 'TIMEOUT' ||
      (error.cause instanceof TimeoutFailure && error.cause.timeoutType === 'SCHEDULE_TO_CLOSE'))
  )
}

/** Codes of whatever failed; where the deadline ended it, that first, and then what was in the way if that is known. */
export function codesOf(error: unknown, hasPassed: boolean): readonly ErrorCode[] {
  const code = codeOf(error)
  if (!hasPassed && !isByDeadline(error)) {
    return [code]
  }
  return ['deadline_reached', ...(ENDED_FROM_OUTSIDE.has(code) ? [] : [code])]
}

/** These tell no more than that it was ended. */
const ENDED_FROM_OUTSIDE: ReadonlySet<string> = new Set(['timed_out', 'work_cancelled'])

/** What lies beneath activities and child workflows, which only wrap it. */
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
    // What the last try failed with; the SDK gives a time-out no cause of its own.
    const { type } = origin.failure?.cause?.applicationFailureInfo ?? {}
    return type ? known(type) : 'timed_out'
  }
  if (origin instanceof CancelledFailure) {
    return 'work_cancelled'
  }
  return origin instanceof TerminatedFailure ? 'work_terminated' : 'internal'
}

/** Of a mistake of ours its own words are enough to find it. */
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
