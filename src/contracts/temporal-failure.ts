import { AppError } from './app-error.js'
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

/** How deep a status may lie below what was thrown. */
const MAX_DEPTH = 8

/** Codes of the network stand in gRPC's words, not beside them. */
const CODE_IN_WORDS = /\b(?:E[A-Z]{4,}|EAI_[A-Z]+|[A-Z_]*(?:CERT|SIGNATURE)[A-Z_]*)\b/
/** The words of certificates of the two libraries: of Node's TLS, and of the worker's native core. */
const CERTIFICATE = /certificate|UnknownIssuer|NotValidForName/i

/** Where Temporal was looked for. */
export interface TemporalPlace {
  readonly address?: string
  readonly namespace?: string
}

/**
 * What Temporal's client or core threw, as `temporal_unreachable`, with the variable that is to be looked at: a failure of the
 * network, a certificate, refused credentials, an unknown namespace. Known by its form, so that no package of Temporal's is
 * loaded for it.
 *
 * @returns null for what says nothing about Temporal itself: a fault of ours.
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
      return unreachable(`Temporal${at} refuses the credentials.`, 'TEMPORAL_API_KEY', null, error)
    case STATUS.notFound: {
      // A workflow that is not there has the same status.
      if (!/namespace/i.test(words ?? '')) {
        return null
      }
      const { namespace } = place
      const named = namespace === undefined ? 'the namespace' : `the namespace ${namespace}`
      const message = `Temporal${at} does not know ${named}.`
      return unreachable(message, 'TEMPORAL_NAMESPACE', namespace ?? null, error)
    }
    default:
      return null
  }
}

/** What a failed connection is told as, whatever it was thrown as. */
export function temporalNotConnected(place: TemporalPlace, error?: unknown): AppError {
  const at = place.address === undefined ? '' : ` at ${place.address}`
  const words = error instanceof Error ? wordsOf(error, MAX_DEPTH) : ''
  return temporalFailureOf(error, place) ?? unanswered(words, at, place, error)
}

function unanswered(words: string, at: string, place: TemporalPlace, error: unknown): AppError {
  const code = networkFailureOf(error)?.code ?? CODE_IN_WORDS.exec(words)?.[0]
  if (CERTIFICATE.test(words)) {
    const message = `The certificate of Temporal${at} is not trusted.`
    return unreachable(message, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH', place.address ?? null, error)
  }
  const message = `Temporal does not answer${at}${code === undefined ? '' : ` (${code})`}.`
  return unreachable(message, 'TEMPORAL_ADDRESS', place.address ?? null, error)
}

function unreachable(
  message: string,
  path: string,
  value: string | null,
  cause: unknown,
): AppError {
  return new AppError('temporal_unreachable', message, {
    path,
    value,
    ...(cause === undefined ? {} : { cause }),
  })
}

/** The outermost gRPC status, and its words. `details` tells it from the numbers that other errors have for codes. */
function statusOf(error: unknown, depth: number): readonly [number, string] | null {
  if (typeof error !== 'object' || error === null || depth === 0) {
    return null
  }
  const { code, details, cause } = error as Partial<Record<'code' | 'details' | 'cause', unknown>>
  return typeof code === 'number' && typeof details === 'string'
    ? [code, details]
    : statusOf(cause, depth - 1)
}

function wordsOf(error: Error, depth: number): string {
  const within = error.cause instanceof Error && depth > 0 ? wordsOf(error.cause, depth - 1) : ''
  return `${error.message}\n${within}`
}
