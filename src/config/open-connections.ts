import { isLoopback } from '../http/check-url.js'
import { isEncrypted, readTemporalProfile } from './temporal/temporal-profile.js'
import { readEnvironment } from './environment/environment.js'
import { logger } from '../telemetry/logger.js'

/**
 * Values of `sslmode` with which the driver encrypts and checks the server's certificate; it treats `prefer` and
 * `require` as `verify-full`.
 */
const VERIFIED = new Set(['prefer', 'require', 'verify-ca', 'verify-full'])

/** A connection that others may read, or on which they may impersonate the server. */
export interface OpenConnection {
  /** The variable to change. */
  readonly path: 'DATABASE_URL' | 'TEMPORAL_ADDRESS'
  readonly message: string
}

/**
 * Checks the connection to the database. @returns null if the database is on this machine, or the connection uses TLS
 * and checks the certificate.
 */
export function openDatabaseConnection(databaseUrl: string): OpenConnection | null {
  const url = new URL(databaseUrl)
  const host = url.searchParams.get('host') ?? url.hostname
  const onSocket = host === '' || host.startsWith('/') || host.startsWith('%2F')
  const mode = url.searchParams.get('sslmode') ?? process.env['PGSSLMODE'] ?? ''
  const unchecked = mode === 'no-verify' || url.searchParams.get('uselibpqcompat') === 'true'
  if (onSocket || isLoopback(new URL(`http://${host}`)) || (VERIFIED.has(mode) && !unchecked)) {
    return null
  }
  const what = unchecked ? 'is not checked for whom it speaks with' : 'is not encrypted'
  return {
    path: 'DATABASE_URL',
    message: `The connection with PostgreSQL ${what}: addresses and answers pass over it. Add sslmode=verify-full.`,
  }
}

/** Checks the connection to Temporal. @returns null if Temporal is on this machine, or the connection uses TLS. */
export function openTemporalConnection(profile: {
  readonly address: string
  readonly connectionOptions: { readonly tls?: unknown }
}): OpenConnection | null {
  const url = `http://${profile.address}`
  const here = URL.canParse(url) && isLoopback(new URL(url))
  return here || isEncrypted(profile)
    ? null
    : {
        path: 'TEMPORAL_ADDRESS',
        message:
          'The connection with Temporal is not encrypted, and whoever can write to the namespace steers every connection. Set TEMPORAL_TLS.',
      }
}

/**
 * Logs which of the process's connections others may read. Does not refuse them: a private network or a mesh may do
 * what TLS does, and the process cannot see that.
 */
export function warnOfOpenConnections(): void {
  const { database } = readEnvironment(['database'])
  const log = logger('config')
  for (const open of [
    openDatabaseConnection(database.url.reveal()),
    openTemporalConnection(readTemporalProfile()),
  ]) {
    if (open !== null) {
      log.warn({ path: open.path }, open.message)
    }
  }
}
