import { redactConfig } from '../../config/stored-config.js'
import { AppError } from '../../contracts/app-error.js'
import { findConnection, type ConnectionRow } from '../../ledger/connections.js'
import type { Queryable } from '../../ledger/database.js'
import type { ConnectionCounts } from './connection-counts.js'

/** A connection in the list. */
export interface ConnectionSummary {
  readonly connectionId: string
  readonly accountId: string
  readonly crm: string
  readonly state: string
}

/** A gate that is closed: nobody calls the system before that moment. */
interface ClosedGate {
  readonly code: string
  readonly until: string | null
}

/** A connection as `connection show` answers. Holds no secret and no address. */
export interface ConnectionView extends ConnectionSummary {
  readonly epoch: number
  /** The file as applied; secrets by the name of their variable, or `***`. */
  readonly config: Readonly<Record<string, unknown>>
  /** Our copy of each side is complete as of this moment (ISO UTC), or null: not yet. */
  readonly verifiedAsOf: { readonly emarketeer: string | null; readonly crm: string | null }
  readonly blocked: { readonly emarketeer: ClosedGate | null; readonly crm: ClosedGate | null }
  readonly counts: ConnectionCounts
}

/** The connection. @throws AppError `connection_not_found`. */
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

/** The short form. */
export function summaryOf({
  connectionId,
  accountId,
  crm,
  state,
}: ConnectionRow): ConnectionSummary {
  return { connectionId, accountId, crm, state }
}

/** The long form. */
export function viewOf(connection: ConnectionRow, counts: ConnectionCounts): ConnectionView {
  return {
    ...summaryOf(connection),
    epoch: connection.epoch,
    config: redactConfig(connection.config),
    verifiedAsOf: {
      emarketeer: connection.emarketeerProvenAt?.toISOString() ?? null,
      crm: connection.crmProvenAt?.toISOString() ?? null,
    },
    blocked: {
      emarketeer: gateOf(connection.emarketeerBlockedCode, connection.emarketeerBlockedUntil),
      crm: gateOf(connection.crmBlockedCode, connection.crmBlockedUntil),
    },
    counts,
  }
}

function gateOf(code: string | null, until: Date | null): ClosedGate | null {
  return code === null ? null : { code, until: until?.toISOString() ?? null }
}
