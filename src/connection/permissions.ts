import { AppError } from '../contracts/app-error.js'
import { permitsOf, type Permits } from '../domain/connection-state.js'
import { connectionStateOf } from '../ledger/connection/connections.js'
import type { Queryable } from '../ledger/db/database.js'
import type { SyncSession } from './session.js'

/** What a connection allows now. */
export interface Permissions {
  /** The connection is paused for loosening only: nothing that loosens is written, and it stays due. */
  readonly withholdsLoosening: boolean
}

/**
 * Checks that this work may continue: nothing is stored or written once the connection is disabled (C8) or, except for
 * pre-sends and set-up, paused. Called at the start of each transaction and before each group of calls, so that a pass
 * in progress stops. It takes no lock: the feed's transactions hold the row, and a pass that waited for it while
 * holding address locks would deadlock.
 * @throws AppError `connection_disabled`, `connection_paused`, `connection_not_found`: not retryable.
 */
export async function assertMaySync(db: Queryable, session: SyncSession): Promise<Permissions> {
  const { connectionId } = session.connection
  const row = await connectionStateOf(db, connectionId)
  if (!row) {
    throw new AppError('connection_not_found', `There is no connection ${connectionId}.`)
  }
  const permits = permitsOf(row)
  if (!permits.goesOn.includes(session.run.trigger)) {
    throw notPermitted(connectionId, permits)
  }
  return { withholdsLoosening: !permits.loosens }
}

/** The error of work that the connection does not permit. Not retryable. */
export function notPermitted(connectionId: string, { refusedAs }: Permits): AppError {
  const state = refusedAs === 'connection_paused' ? 'paused' : 'disabled'
  return new AppError(refusedAs, `Connection ${connectionId} is ${state}.`, {
    path: 'connectionId',
    value: connectionId,
  })
}
