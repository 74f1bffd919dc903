import { AppError } from '../../contracts/app-error.js'
import { notPermitted } from '../../connection/permissions.js'
import { permitsOf } from '../../domain/connection-state.js'
import { findConnection, type ConnectionRow } from '../../ledger/connection/connections.js'
import type { Queryable } from '../../ledger/db/database.js'

/** Reads a connection. @throws AppError `connection_not_found`. */
export async function requireConnection(
  db: Queryable,
  connectionId: string,
): Promise<ConnectionRow> {
  const connection = await findConnection(db, connectionId)
  if (connection === null || connection.state === 'implicit') {
    throw new AppError('connection_not_found', `There is no connection ${connectionId}.`, {
      path: 'connectionId',
      value: connectionId,
    })
  }
  return connection
}

/**
 * Reads a connection that may be synced by hand. With `loosening` it must also be allowed to make somebody mailable.
 * @throws AppError `connection_not_found`, `connection_paused`, `connection_disabled`. None is retryable.
 */
export async function requireRunning(
  db: Queryable,
  connectionId: string,
  what: 'anything' | 'loosening' = 'anything',
): Promise<ConnectionRow> {
  const connection = await requireConnection(db, connectionId)
  const permits = permitsOf(connection)
  if (!permits.begins.includes('manual') || (what === 'loosening' && !permits.loosens)) {
    throw notPermitted(connectionId, permits)
  }
  return connection
}
