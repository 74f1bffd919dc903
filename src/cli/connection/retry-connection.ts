import { randomUUID } from 'node:crypto'
import { retryConnection as resetBreakers } from '../../ledger/connection/connection-life.js'
import { withLedger } from '../resources.js'
import { requireConnection } from './connection-view.js'
import type { LifeCommand } from './pause-and-resume.js'

/** What `connection retry` answers. */
export interface RetriedConnection {
  readonly connectionId: string
  /** Which systems were not called, why, and until when (ISO UTC); empty: both were. */
  readonly opened: readonly {
    readonly side: 'emarketeer' | 'crm'
    readonly code: string
    readonly until: string | null
  }[]
}

/** Lets both systems be called at once. @throws AppError `value_missing`, `connection_not_found`. */
export function retryConnection(command: LifeCommand): Promise<RetriedConnection> {
  const { connectionId } = command
  return withLedger(async (db) => {
    await requireConnection(db, connectionId)
    const intervention = { ...command, interventionId: randomUUID() }
    const opened = await db.transaction((tx) => resetBreakers(tx, intervention))
    return {
      connectionId,
      opened: opened.map(({ until, ...breaker }) => ({
        ...breaker,
        until: until?.toISOString() ?? null,
      })),
    }
  })
}
