import { AppError } from './app-error.js'
import type { ErrorCode } from './error-catalogue.js'
import { networkFailureOf } from './network-failure.js'

/** gRPC statuses, by number on the wire (https://grpc.io/docs/guides/status-codes/). */
const STATUS = {
  deadlineExceeded: 4,
  notFound: 5,
  permissionDenied: 7,
  resourceExhausted: 8,
  unavailable: 14,
  unauthenticated: 16,
} as const

/** How many levels below the error are searched for a status. */
const MAX_DEPTH = 8

/** gRPC names network codes in its message only. */
const CODE_IN_WORDS = /\b(?:E[A-Z]{4,}|EAI_[A-Z]+|[A-Z_]*(?:CERT|SIGNATURE)[A-Z_]*)\b/
/** Certificate errors in the messages of Node's TLS and of the worker's native core. */
const CERTIFICATE = /certificate|UnknownIssuer|NotValidForName/i

export interface TemporalPlace {
  readonly address?: string
  readonly namespace?: string
}

/** The native core states a status as text: by description or by name. */
const CORE_STATUSES: readonly (readonly [RegExp, number])[] = [
  [/does not have valid authentication credentials|code: Unauthenticated/, STATUS.unauthenticated],
  [/does not have permission to execute|code: PermissionDenied/, STATUS.permissionDenied],
  [/code: NotFound/, STATUS.notFound],
]
/** The server's message for an unknown namespace. */
const UNKNOWN_NAMESPACE = /Namespace (?:(\S+) (?:is|was) not found|not found: '([^']+)')/

/**
 * Converts an error of Temporal's client or core to one of the catalogue, with the variable to check: a network failure
 * (`temporal_unreachable`), a certificate (`temporal_tls_failed`), refused credentials (`temporal_auth_failed`), an
 * unknown namespace (`temporal_namespace_missing`). Recognises errors by their form, so that no Temporal package is
 * loaded for it.
 * @returns null if the error is not about Temporal itself: a bug.
 */
export function temporalFailureOf(error: unknown, place: TemporalPlace = {}): AppError | null {
  const at = place.address === undefined ? '' : ` at ${place.address}`
  const [status, words] = statusOf(error, MAX_DEPTH) ?? []
  switch (status) {
    case STATUS.deadlineExceeded:
    case STATUS.resourceExhausted:
    case STATUS.unavailable:
      return unanswered(words ?? '', at, place, error)
    case STATUS.permissionDenied:
    case STATUS.unauthenticated:
      return refused(at, error)
    case STATUS.notFound:
      // A missing workflow has the same status.
      return /namespace/i.test(words ?? '')
        ? namespaceMissing(at, place.namespace ?? namespaceIn(words ?? ''), error)
        : null
    default:
      return null
  }
}

/** The error for a failed connection, whatever the cause. */
export function temporalNotConnected(place: TemporalPlace, error?: unknown): AppError {
  const at = place.address === undefined ? '' : ` at ${place.address}`
  const words = error instanceof Error ? wordsOf(error, MAX_DEPTH) : ''
  return temporalFailureOf(error, place) ?? unanswered(words, at, place, error)
}

function unanswered(words: string, at: string, place: TemporalPlace, error: unknown): AppError {
  const code = networkFailureOf(error)?.code ?? CODE_IN_WORDS.exec(words)?.[0]
  if (CERTIFICATE.test(words)) {
    const message = `The certificate of Temporal${at} is not trusted.`
    return temporalFault('temporal_tls_failed', message, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH', error)
  }
  const message = `Temporal does not answer${at}${code === undefined ? '' : ` (${code})`}.`
  const { address = null } = place
  return temporalFault('temporal_unreachable', message, 'TEMPORAL_ADDRESS', error, address)
}

/** The namespace in the server's message or in that of the client's class. */
function namespaceIn(words: string): string | undefined {
  const [, ofServer, ofClient] = UNKNOWN_NAMESPACE.exec(words) ?? []
  return ofServer ?? ofClient
}

function refused(at: string, error: unknown): AppError {
  const message = `Temporal${at} refuses the credentials.`
  return temporalFault('temporal_auth_failed', message, 'TEMPORAL_API_KEY', error)
}

function namespaceMissing(at: string, namespace: string | undefined, error: unknown): AppError {
  const named = namespace === undefined ? 'the namespace' : `the namespace ${namespace}`
  const message = `Temporal${at} does not know ${named}.`
  return temporalFault(
    'temporal_namespace_missing',
    message,
    'TEMPORAL_NAMESPACE',
    error,
    namespace,
  )
}

/** Describes why Temporal cannot be used. @param path the variable to check. */
export function temporalFault(
  code: Extract<ErrorCode, `temporal_${string}`>,
  message: string,
  path: `TEMPORAL_${string}`,
  cause: unknown,
  value: string | null = null,
): AppError {
  return new AppError(code, message, {
    path,
    value,
    ...(cause === undefined || cause === null ? {} : { cause }),
  })
}

/**
 * The outermost gRPC status with its message. `details` distinguishes it from other errors' numeric codes. For an
 * unknown namespace the client throws a class of its own that has neither.
 */
function statusOf(error: unknown, depth: number): readonly [number, string] | null {
  if (typeof error !== 'object' || error === null || depth === 0) {
    return null
  }
  const { code, details, name, message, cause } = error as Partial<
    Record<'code' | 'details' | 'name' | 'message' | 'cause', unknown>
  >
  if (typeof code === 'number' && typeof details === 'string') {
    return [code, details]
  }
  if (name === 'NamespaceNotFoundError') {
    return [STATUS.notFound, String(message)]
  }
  const words = name === 'TransportError' ? String(message) : ''
  const known = CORE_STATUSES.find(([pattern]) => pattern.test(words))
  return known ? [known[1], words] : statusOf(cause, depth - 1)
}

function wordsOf(error: Error, depth: number): string {
  const within = error.cause instanceof Error && depth > 0 ? wordsOf(error.cause, depth - 1) : ''
  return `${error.message}\n${within}`
}

/**
 * Whether an error of Temporal's client means that nobody answered the call in time.
 * @param statuses the gRPC statuses that mean so for this call.
 */
export function isUnanswered(error: unknown, statuses: ReadonlySet<unknown>): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (statuses.has((cause as { code?: unknown }).code) || /Timeout/.test(cause.name)) {
      return true
    }
  }
  return false
}
