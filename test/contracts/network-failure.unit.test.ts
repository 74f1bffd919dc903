import { describe, expect, it } from '@jest/globals'
import { RequestError } from 'got'
import { connect } from 'node:net'
import { networkFailureOf } from '../../src/contracts/network-failure.js'
import { temporalFailureOf, temporalNotConnected } from '../../src/contracts/temporal-failure.js'
import { classifyTransport } from '../../src/http/classify.js'
import { toDatabaseError } from '../../src/ledger/db/database-error.js'
import { toAppError } from '../../src/connection/to-app-error.js'

/** In Node's form (https://nodejs.org/api/errors.html#class-systemerror). */
const system = (code: string, syscall: string) =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall, errno: -1 })

/** In the form in which gRPC's client throws a failed connection. */
const grpc = (code: number, details: string) =>
  Object.assign(new Error(`${code} ${details}`), { code, details, metadata: {} })

/** In got's form: its own error around Node's. */
const ofGot = (cause: Error) => new RequestError(cause.message, cause, {} as never)

/** Errors that connect(2), getaddrinfo(3) and Linux's networking may return before anything is sent. */
const NOT_CONNECTED = [
  ['ECONNREFUSED', 'connect'],
  ['EHOSTUNREACH', 'connect'],
  ['EHOSTDOWN', 'connect'],
  ['ENETUNREACH', 'connect'],
  ['ENETDOWN', 'connect'],
  ['EADDRNOTAVAIL', 'connect'],
  ['ETIMEDOUT', 'connect'],
  ['EACCES', 'connect'],
  ['ENOENT', 'connect'],
  ['ENOTFOUND', 'getaddrinfo'],
  ['EAI_AGAIN', 'getaddrinfo'],
  ['EAI_FAIL', 'getaddrinfo'],
] as const

describe('a failure before there was a connection', () => {
  it.each(NOT_CONNECTED)('%s of %s is one to all three', (code, syscall) => {
    const error = system(code, syscall)
    expect(networkFailureOf(error)).toEqual({ kind: 'notConnected', code })
    expect(toDatabaseError(error)).toMatchObject({
      code: 'database_unreachable',
      message: `PostgreSQL cannot be used now (${code}).`,
      kind: { httpStatus: 503, retryable: true },
    })
    expect(classifyTransport(ofGot(error))).toMatchObject({
      code: 'upstream_unreachable',
      retryable: true,
      mayHaveReachedServer: false,
    })
    const inWords = grpc(14, `No connection established. Last error: ${error.message}`)
    expect(toAppError(inWords)).toMatchObject({
      code: 'temporal_unreachable',
      message: `Temporal does not answer (${code}).`,
      kind: { httpStatus: 503, retryable: true },
    })
  })

  it('is one where a name has several addresses', () => {
    const both = new AggregateError([
      system('ENETUNREACH', 'connect'),
      system('ECONNREFUSED', 'connect'),
    ])
    expect(networkFailureOf(both)?.kind).toBe('notConnected')
    expect(toDatabaseError(both)).toMatchObject({ code: 'database_unreachable' })
  })

  it('is what Node itself throws', async () => {
    const socket = connect(1, '127.0.0.1')
    const error = await new Promise((resolve) => socket.once('error', resolve))
    expect(networkFailureOf(error)).toEqual({ kind: 'notConnected', code: 'ECONNREFUSED' })
  })
})

describe('a failure of a connection that was there', () => {
  // The last two: the kernel passes an ICMP answer to the process that reads or writes (tcp(7), ip(7)).
  it.each([
    ['ECONNRESET', 'read'],
    ['EPIPE', 'write'],
    ['ETIMEDOUT', 'read'],
    ['EHOSTUNREACH', 'read'],
    ['ENETUNREACH', 'write'],
  ])('%s of %s may have carried a write', (code, syscall) => {
    const error = system(code, syscall)
    expect(networkFailureOf(error)).toEqual({ kind: 'broken', code })
    expect(classifyTransport(ofGot(error))).toMatchObject({ mayHaveReachedServer: true })
    expect(toDatabaseError(error)).toMatchObject({ code: 'database_unreachable' })
  })
})

it.each([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_HAS_EXPIRED',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])('%s is a certificate that is refused, before anything is sent', (code) => {
  const error = Object.assign(new Error('certificate'), { code })
  expect(networkFailureOf(error)).toEqual({ kind: 'certificate', code })
  expect(classifyTransport(ofGot(error))).toMatchObject({ mayHaveReachedServer: false })
  expect(toDatabaseError(error)).toMatchObject({ code: 'database_tls_failed' })
})

it.each([
  ['a file', system('ENOENT', 'open')],
  ['a program', system('ENOENT', 'spawn')],
  ['a statement', Object.assign(new Error('x'), { code: '22001' })],
  ['nothing known', new TypeError('x')],
  ['text', 'ECONNREFUSED'],
])('%s is none of the network', (_what, error) => {
  expect(networkFailureOf(error)).toBeNull()
})

// From a worker's log (core of SDK 1.24.0).
const REFUSED_BY_CORE = `Failed to call GetSystemInfo: code: 'The request does not have valid authentication credentials', message: "Request unauthorized."`
const UNKNOWN_TO_CORE = `Namespace nope was not found or otherwise could not be described: Status { code: NotFound, message: "Namespace nope is not found." }`

describe('what Temporal’s client throws', () => {
  const core = (message: string) => Object.assign(new Error(message), { name: 'TransportError' })
  const place = { address: 'temporal.example:7233', namespace: 'nope' }

  it.each([
    [grpc(5, 'Namespace nope is not found.'), 'namespace_missing', 'NAMESPACE', 'nope'],
    [core(UNKNOWN_TO_CORE), 'namespace_missing', 'NAMESPACE', 'nope'],
    [grpc(7, 'Request unauthorized.'), 'auth_failed', 'API_KEY', 'temporal.example'],
    [grpc(16, 'Jwt is expired'), 'auth_failed', 'API_KEY', 'temporal.example'],
    [core(REFUSED_BY_CORE), 'auth_failed', 'API_KEY', 'temporal.example'],
    [
      grpc(14, 'No connection established. Last error: Error: self-signed certificate'),
      'tls_failed',
      'TLS_SERVER_CA_CERT_PATH',
      'certificate',
    ],
    [grpc(14, 'upstream connect error'), 'unreachable', 'ADDRESS', 'temporal.example:7233'],
  ])('%s leads to the cause and the variable at fault', (error, code, variable, word) => {
    const told = temporalFailureOf(new Error('wrapped', { cause: error }), place)
    expect(told).toMatchObject({ code: `temporal_${code}`, path: `TEMPORAL_${variable}` })
    expect(told?.message).toContain(word)
  })

  it('is the certificate in the words of the native core', () => {
    const error = new Error('transport error', {
      cause: new Error('invalid peer certificate: UnknownIssuer'),
    })
    expect(temporalNotConnected(place, error)).toMatchObject({
      path: 'TEMPORAL_TLS_SERVER_CA_CERT_PATH',
    })
  })

  it('says nothing of Temporal itself where a workflow is not there, or a number is no status', () => {
    expect(temporalFailureOf(grpc(5, 'workflow execution not found'))).toBeNull()
    expect(temporalFailureOf(Object.assign(new Error('aborted'), { code: 14 }))).toBeNull()
  })
})
