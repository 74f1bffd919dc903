import { maskAddresses } from './mask-addresses.js'

/** Causes shown below an error; deeper ones say nothing new and may be circular. */
const MAX_CAUSES = 3

/** A message or stack longer than this is cut: some clients put a whole answer into the message. */
const MAX_CHARACTERS = 4_000

/**
 * Errors whose words are ours, or Temporal's about our own work: by their names, as most are defined in rooms that know
 * more than logs do. What else is thrown was worded by a library, and may quote a row, a parameter or an answer.
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

/** An error as it stands in a log line. */
export interface DescribedError {
  readonly name: string
  /** The catalogue's code, or the one that Node or PostgreSQL gave. */
  readonly code: string | null
  readonly message: string
  readonly stack: string | null
  readonly cause: DescribedError | null
}

/**
 * Reduces whatever was thrown to code, message and stack, addresses masked; the message only if it cannot hold a value. Other
 * properties are left out: clients attach requests, answers and rows to their errors, and those hold people.
 */
export function describeError(thrown: unknown): DescribedError {
  return describe(thrown, MAX_CAUSES)
}

function describe(thrown: unknown, causesLeft: number): DescribedError {
  if (!(thrown instanceof Error)) {
    // Only its type: a thrown string or object is somebody else's, and may be an answer's body.
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

/** Worded by us, or by Node about a file or a connection. */
function isShown(error: Error): boolean {
  return (
    WORDED_BY_US.has(error.name) || typeof (error as { syscall?: unknown }).syscall === 'string'
  )
}

/** The stack without its head, which repeats the message. */
function framesOf(error: Error): string {
  // A message of several lines may have one that looks like a frame.
  const stack = (error.stack ?? '').replace(error.message, '')
  const first = stack.search(/^\s+at /m)
  return first < 0 ? '' : stack.slice(first).trim()
}

function cut(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
}
