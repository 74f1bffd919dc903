import { maskAddresses } from './mask-addresses.js'

/** Causes shown below an error. Deeper ones add nothing and may be circular. */
const MAX_CAUSES = 3

/** A longer message or stack is cut, because some clients put a complete answer into the message. */
const MAX_CHARACTERS = 4_000

/**
 * Names of errors whose messages are ours, or Temporal's about our own work. Names, because most are defined in folders
 * that know more than logs do. A library wrote the message of any other error, which may quote a row, a parameter or an
 * answer.
 */
const WORDED_BY_US: ReadonlySet<string> = new Set([
  'AppError',
  'ProblemsError',
  'UpstreamError',
  'CrmColumnsClosed',
  'CrmCursorExpired',
  'SetupPaused',
  'FormShapeError',
  'QueryTooLong',
  'GatewayError',
  'Refusal',
  'ActivityFailure',
  'ApplicationFailure',
  'CancelledFailure',
  'ChildWorkflowFailure',
  'ServerFailure',
  'TerminatedFailure',
  'TimeoutFailure',
  'CoreError',
  'ServiceError',
  'TransportError',
  'WorkflowFailedError',
  'WorkflowNotFoundError',
  'WorkflowExecutionAlreadyStartedError',
])

const NOT_SHOWN = 'not shown, as it may quote a value'

/** An error in the form in which a log line contains it. */
export interface DescribedError {
  readonly name: string
  /** The catalogue's code, or Node's or PostgreSQL's. */
  readonly code: string | null
  readonly message: string
  readonly stack: string | null
  readonly cause: DescribedError | null
}

/**
 * Reduces anything thrown to code, message and stack, with addresses masked. It keeps the message only if that cannot
 * contain a value. It drops other properties: clients attach requests, answers and rows to their errors, which contain
 * people's data.
 */
export function describeError(thrown: unknown): DescribedError {
  return describe(thrown, MAX_CAUSES)
}

function describe(thrown: unknown, causesLeft: number): DescribedError {
  if (!(thrown instanceof Error)) {
    // Only its type: a thrown string or object comes from other code, and may be an answer's body.
    return {
      name: 'NotAnError',
      code: null,
      message: `a value of type ${typeof thrown} was thrown`,
      stack: null,
      cause: null,
    }
  }
  const { code } = thrown as { code?: unknown }
  return {
    name: cut(maskAddresses(thrown.name)),
    code:
      typeof code === 'string' || typeof code === 'number' ? cut(maskAddresses(`${code}`)) : null,
    message: isShown(thrown) ? cut(maskAddresses(thrown.message)) : NOT_SHOWN,
    stack: thrown.stack === undefined ? null : cut(maskAddresses(framesOf(thrown))),
    cause:
      causesLeft > 0 && thrown.cause !== undefined && thrown.cause !== null
        ? describe(thrown.cause, causesLeft - 1)
        : null,
  }
}

/** Whether the message is ours, or Node's about a file or a connection. */
function isShown(error: Error): boolean {
  return (
    WORDED_BY_US.has(error.name) || typeof (error as { syscall?: unknown }).syscall === 'string'
  )
}

/** The stack without its first lines, which repeat the message. */
function framesOf(error: Error): string {
  // A message of several lines may contain one that looks like a frame.
  const stack = (error.stack ?? '').replace(error.message, '')
  const first = stack.search(/^\s+at /m)
  return first < 0 ? '' : stack.slice(first).trim()
}

function cut(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
}
