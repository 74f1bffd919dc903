import { AppError } from '../../contracts/app-error.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'
import type { Queryable } from '../../ledger/db/database.js'
import { requireConnection } from './connection-view.js'

/**
 * The connection, where it may sync.
 * @throws AppError `connection_not_found`, `connection_paused`, `connection_disabled`. None is retryable.
 */
export async function requireRunning(db: Queryable, connectionId: string): Promise<ConnectionRow> {
  const connection = await requireConnection(db, connectionId)
  const refused = (code: 'connection_paused' | 'connection_disabled', state: string) =>
    new AppError(code, `Connection ${connectionId} is ${state}.`, {
      path: 'connectionId',
      value: connectionId,
    })
  switch (connection.state) {
    case 'paused':
      throw refused('connection_paused', 'paused')
    case 'disabled':
    case 'implicit':
      throw refused('connection_disabled', 'disabled')
    case 'settingUp':
    case 'active':
      return connection
  }
}
