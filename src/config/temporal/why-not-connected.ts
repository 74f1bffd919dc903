import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import type { AppError } from '../../contracts/app-error.js'
import { networkFailureOf } from '../../contracts/network-failure.js'
import { temporalFault, temporalNotConnected } from '../../contracts/temporal-failure.js'
import { isEncrypted, type TemporalProfile } from './temporal-profile.js'

/** The port that Temporal's client uses if the address names none. */
const DEFAULT_PORT = 7233
const ANSWERS_WITHIN_MS = 5_000
/**
 * A server that requires our certificate reports it after the handshake has ended on our side (TLS 1.3, RFC 8446
 * section 4.4.2.4).
 */
const OBJECTS_WITHIN_MS = 1_500

/** The alerts with which a server misses or refuses the client's certificate (RFC 8446 section 6.2). */
const OURS_REFUSED = /_ALERT_(?:\w*CERTIFICATE\w*|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED)$/

/**
 * Finds out why connecting to Temporal failed. For most causes Temporal's client reports only a time-out; a TLS
 * handshake with the same address distinguishes them within 2 seconds.
 * @param error what the client or the core threw; absent: nothing came in time.
 * @returns (never throws) `temporal_auth_failed`, `temporal_tls_required`, `temporal_tls_failed`, or
 * `temporal_unreachable` with the network's code if there is one.
 */
export async function whyNotConnected(
  profile: TemporalProfile,
  error?: unknown,
): Promise<AppError> {
  const reported = temporalNotConnected(profile, error)
  return reported.code === 'temporal_unreachable'
    ? ((await heardByTls(profile)) ?? reported)
    : reported
}

/** Tries a TLS handshake. @returns null if it adds nothing to the client's error. */
async function heardByTls(profile: TemporalProfile): Promise<AppError | null> {
  const { address, connectionOptions } = profile
  const fault = await faultOfHandshake(profile)
  const { code = '' } = (fault ?? {}) as { code?: string }
  const kind = networkFailureOf(fault)?.kind ?? null
  if (kind === 'notConnected') {
    return temporalNotConnected({ address }, fault)
  }
  const oursRefused = OURS_REFUSED.test(code)
  if (!isEncrypted(profile)) {
    const message = `Temporal at ${address} expects TLS, and none is set.`
    return fault === null || oursRefused
      ? temporalFault('temporal_tls_required', message, 'TEMPORAL_TLS', fault)
      : null
  }
  if (oursRefused) {
    const given = tlsOf(connectionOptions.tls).clientCertPair !== undefined
    const message = `Temporal at ${address} ${given ? 'refuses' : 'expects'} a client certificate (${code}).`
    return temporalFault('temporal_auth_failed', message, 'TEMPORAL_TLS_CLIENT_CERT_PATH', fault)
  }
  if (kind === 'certificate') {
    const message = `The certificate of Temporal at ${address} is not trusted (${code}).`
    return temporalFault('temporal_tls_failed', message, 'TEMPORAL_TLS_SERVER_CA_CERT_PATH', fault)
  }
  if (kind === 'tls') {
    const message = `What answers at ${address} speaks no TLS, which is set for Temporal (${code}).`
    return temporalFault('temporal_tls_failed', message, 'TEMPORAL_TLS', fault)
  }
  if (code.startsWith('ERR_OSSL_')) {
    const message = `The certificates that are set for Temporal cannot be read (${code}).`
    return temporalFault('temporal_tls_failed', message, 'TEMPORAL_TLS_CLIENT_CERT_PATH', fault)
  }
  return null
}

/**
 * Performs a handshake with our settings; if they do not set TLS, accepts any certificate of the server.
 * @returns the fault; null: none.
 */
async function faultOfHandshake(profile: TemporalProfile): Promise<unknown> {
  const timeout = new Error('no answer')
  let socket: TLSSocket | undefined
  try {
    return await new Promise<unknown>((resolve) => {
      setTimeout(() => resolve(timeout), ANSWERS_WITHIN_MS).unref()
      socket = connect(optionsOf(profile))
      socket.on('error', resolve)
      socket.once('secureConnect', () => setTimeout(() => resolve(null), OBJECTS_WITHIN_MS))
    })
  } catch (error) {
    // Our certificate is invalid.
    return error
  } finally {
    socket?.destroy()
  }
}

function optionsOf(profile: TemporalProfile): ConnectionOptions {
  const { hostname, port } = new URL(`http://${profile.address}`)
  const tls = tlsOf(profile.connectionOptions.tls)
  const ca = tls.serverRootCACertificate
  const own = tls.clientCertPair
  return {
    // A URL has an IPv6 address in brackets.
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? portOf(profile.address) : Number(port),
    ALPNProtocols: ['h2'],
    rejectUnauthorized: isEncrypted(profile),
    ...(tls.serverNameOverride === undefined ? {} : { servername: tls.serverNameOverride }),
    ...(ca === undefined ? {} : { ca: Buffer.from(ca) }),
    ...(own === undefined ? {} : { cert: Buffer.from(own.crt), key: Buffer.from(own.key) }),
  }
}

/** Reads the port; a URL omits the default port of its scheme. */
function portOf(address: string): number {
  return /:0*80$/.test(address) ? 80 : DEFAULT_PORT
}

type TlsSetting = TemporalProfile['connectionOptions']['tls']

function tlsOf(tls: TlsSetting): Exclude<TlsSetting, boolean | null | undefined> {
  return typeof tls === 'object' && tls !== null ? tls : {}
}
