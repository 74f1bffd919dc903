import { maskAddresses } from './mask-addresses.js'

/** Causes shown below an error; deeper ones say nothing new and may be circular. */
const MAX_CAUSES = 3

/** A message or stack longer than this is cut: some clients put a whole answer into the message. */
const MAX_CHARACTERS = 4_000

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
 * Reduces whatever was thrown to code, message and stack, addresses masked. Other properties are left out: clients
 * attach requests, answers and rows to their errors, and those hold people.
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
    message: cut(maskAddresses(thrown.message)),
    stack: thrown.stack === undefined ? null : cut(maskAddresses(framesOf(thrown))),
    cause:
      causesLeft > 0 && thrown.cause !== undefined && thrown.cause !== null
        ? describe(thrown.cause, causesLeft - 1)
        : null,
  }
}

/** The stack without its head, which repeats the message. */
function framesOf(error: Error): string {
  const stack = error.stack ?? ''
  const first = stack.search(/^\s+at /m)
  return first < 0 ? '' : stack.slice(first).trim()
}

function cut(text: string): string {
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
}
