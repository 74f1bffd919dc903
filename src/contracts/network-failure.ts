/** How far a connection got before it failed. */
export type NetworkFailureKind =
  /** No connection came about: nothing was sent. */
  | 'notConnected'
  /** TLS refused the other side's certificate: nothing was sent. */
  | 'certificate'
  /** TLS failed for another reason: the other side does not support it, or refuses ours. */
  | 'tls'
  /** The connection broke: data that was sent may have arrived. */
  | 'broken'

export interface NetworkFailure {
  readonly kind: NetworkFailureKind
  /** Code of the operating system, the resolver or TLS, such as `ECONNREFUSED`. */
  readonly code: string
}

/** Node's system calls of the network. An error of another one (`spawn`, `open`) is not a network error. */
const CONNECTING = /^(?:connect|getaddrinfo|query[A-Z]\w*)$/
const TALKING = /^(?:read|write|shutdown)$/

/** Error codes of connecting. On a read or a write, the connection already existed. */
const NOT_CONNECTED =
  /^(?:ECONNREFUSED|ENOTFOUND|EAI_\w+|ENODATA|EHOSTUNREACH|EHOSTDOWN|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL)$/
const BROKEN = /^(?:ECONNRESET|ECONNABORTED|ENETRESET|ENOTCONN|EPIPE|ETIMEDOUT|UND_ERR_SOCKET)$/
/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const CERTIFICATE =
  /^(?:\w*CERT_\w+|\w+_CERT|CERT_\w+|UNABLE_TO_\w+|ERROR_IN_C\w+|CRL_\w+|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_EXCEEDED)$/
const TLS = /^(?:EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/

/** How many levels of wrapped causes are searched. */
const MAX_DEPTH = 8

interface Part {
  readonly code: string
  readonly syscall: string | null
}

/**
 * Classifies a network error of any library. HTTP, PostgreSQL and Temporal use this one list. Searches causes, and the
 * attempts at several addresses of one name.
 * @returns null for any other error.
 */
export function networkFailureOf(error: unknown): NetworkFailure | null {
  const parts = partsOf(error, MAX_DEPTH)
  // The innermost error has the system call; wrappers only repeat its code.
  const innermost = parts.find(({ syscall }) => syscall !== null)
  if (innermost !== undefined) {
    return ofSyscall(innermost.code, innermost.syscall as string)
  }
  for (const { code } of parts) {
    const kind = kindOf(code)
    if (kind !== null) {
      return { kind, code }
    }
  }
  return null
}

function ofSyscall(code: string, syscall: string): NetworkFailure | null {
  if (CONNECTING.test(syscall)) {
    return { kind: 'notConnected', code }
  }
  if (!TALKING.test(syscall)) {
    return null
  }
  const kind = kindOf(code)
  return kind === null ? null : { kind: kind === 'notConnected' ? 'broken' : kind, code }
}

function kindOf(code: string): NetworkFailureKind | null {
  if (NOT_CONNECTED.test(code)) {
    return 'notConnected'
  }
  if (CERTIFICATE.test(code)) {
    return 'certificate'
  }
  if (TLS.test(code)) {
    return 'tls'
  }
  return BROKEN.test(code) ? 'broken' : null
}

function partsOf(error: unknown, depth: number): readonly Part[] {
  if (typeof error !== 'object' || error === null || depth === 0) {
    return []
  }
  const { code, syscall, cause, errors } = error as Partial<
    Record<'code' | 'syscall' | 'cause' | 'errors', unknown>
  >
  const own =
    typeof code === 'string'
      ? [{ code, syscall: typeof syscall === 'string' ? syscall : null }]
      : []
  const within = [...(Array.isArray(errors) ? (errors as unknown[]) : []), cause]
  return [...own, ...within.flatMap((one) => partsOf(one, depth - 1))]
}
