import { hostname, userInfo } from 'node:os'
import type { TemporalClient } from '../config/temporal/temporal.js'
import type { Database } from '../ledger/db/database.js'
import type { ComposedSystems } from '../workers/compose-systems.js'

/** A command works sequentially. */
const MAX_CONNECTIONS = 2

/**
 * Opens the ledger for `work` and closes it.
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

/** Opens ledger and outside systems for `work` and closes them. @throws AppError as {@link withLedger} does. */
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
 * Opens a connection to Temporal for `work` and closes it. Temporal stores the operating system's user with everything
 * that is started or sent, because `--by` can be any text.
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

/** The operating system's name for the user of the command; evidence that nobody has to type. */
export function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'unknown' // A container may run under a user id without a name.
  }
}
