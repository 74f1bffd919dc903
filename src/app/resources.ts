import { hostname, userInfo } from 'node:os'
import type { TemporalClient } from '../config/temporal/temporal.js'
import type { Database } from '../ledger/db/database.js'
import type { ComposedSystems } from '../workers/compose-systems.js'

/** A command does one thing after the other. */
const MAX_CONNECTIONS = 2

/**
 * Works on the ledger alone, and closes it.
 * @throws AppError `environment_invalid`, `database_unreachable`, `database_not_migrated`.
 */
export async function withLedger<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const { openDatabase } = await import('../ledger/db/database.js')
  const { readEnvironment } = await import('../config/environment/environment.js')
  const { database } = readEnvironment(['database'])
  const db = openDatabase(database.url.reveal(), { maxConnections: MAX_CONNECTIONS })
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

/** Works with ledger and outside systems, and closes them. @throws AppError as {@link withLedger} does. */
export async function withSystems<T>(work: (composed: ComposedSystems) => Promise<T>): Promise<T> {
  const { composeSystems } = await import('../workers/compose-systems.js')
  const composed = composeSystems(process.env, { maxConnections: MAX_CONNECTIONS })
  try {
    return await work(composed)
  } finally {
    await composed.close()
  }
}

/**
 * Works with Temporal, and closes the connection. Temporal keeps the operating system's user beside whatever is started or
 * sent, as `--by` is only what somebody typed.
 *
 * @throws AppError `temporal_unreachable` within 5 seconds.
 */
export async function withTemporal<T>(work: (temporal: TemporalClient) => Promise<T>): Promise<T> {
  const { connectTemporal } = await import('../config/temporal/temporal.js')
  const temporal = await connectTemporal(undefined, undefined, `${userName()}@${hostname()}`)
  try {
    return await work(temporal)
  } finally {
    await temporal.connection.close()
  }
}

/** The operating system's name of whoever runs the command; evidence that nobody has to type. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown' // A container may run under a number that has no name.
  }
}
