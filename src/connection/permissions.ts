import { AppError } from '../contracts/app-error.js'
import { permitsOf, type Permits } from '../domain/connection-state.js'
import { connectionStateOf } from '../ledger/connection/connections.js'
import type { Queryable } from '../ledger/db/database.js'
import type { SyncSession } from './session.js'

/** What a connection allows at this moment. */
export interface Permissions {
  /** Paused, and opt-outs flow: nothing that loosens is written, and what would stays due. */
  readonly withholdsLoosening: boolean
}

/**
 * Asks whether this piece of work may go on: nothing is stored or written for a connection from the moment that it is
 * disabled (C8), and, but for pre-sends and set-up, that it is paused. Asked at the start of each transaction and before
 * each group of calls, so that a pass under way stops. Read without a lock: the feed's transactions hold the row, and a
 * pass that waited for them with addresses locked would end in a deadlock.
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

/** Why a connection does not let work run. Not retryable. */
export function notPermitted(connectionId: string, { refusedAs }: Permits): AppError {
  const state = refusedAs === 'connection_paused' ? 'paused' : 'disabled'
  return new AppError(refusedAs, `Connection ${connectionId} is ${state}.`, {
    path: 'connectionId',
    value: connectionId,
  })
}
