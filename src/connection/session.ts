import type { CrmSource } from '../contracts/names.js'
import type { CrmCapabilities, CrmDriver, CrmClient } from '../crm/crm.js'
import type { EmarketeerClient, PublicContacts } from '../emarketeer/index.js'
import type { CallContext, ClockReading, NextFlight, RequestTally } from '../http/index.js'
import type { ConnectionRow } from '../ledger/connection/connections.js'
import type { Database } from '../ledger/db/database.js'
import type { SyncRun } from '../ledger/run/runs.js'
import type { Logger } from '../telemetry/logger.js'
import type { UnreadableRecords } from './unreadable-records.js'

/** The opened CRM side of a connection. */
export interface OpenCrm extends Pick<CrmDriver, 'tenantBases'> {
  readonly capabilities: CrmCapabilities
  readonly client: CrmClient
  /** The CRM's name in eMarketeer's `source`. */
  readonly source: CrmSource
}

/** Everything that one piece of sync work needs. A session belongs to one activity, one connection and one run. */
export interface SyncSession {
  readonly db: Database
  readonly connection: ConnectionRow
  readonly emarketeer: EmarketeerClient
  readonly crm: OpenCrm | null
  /** Set only if `createMissing` asks for it (E7). */
  readonly publicContacts: PublicContacts | null
  readonly run: SyncRun
  /** Cancellation and request counts of every outside call. */
  readonly call: CallContext & { readonly tally: RequestTally }
  /** Readings of both clocks in this session. Absent: not measured. */
  readonly clock?: { readonly crm: ClockReading | null; readonly emarketeer: ClockReading | null }
  /** Readings of this connection's feed in this process, one at a time. Absent: each reads by itself. */
  readonly feed?: NextFlight
  /** Records that could not be read. Absent: not counted. */
  readonly unreadable?: UnreadableRecords
  readonly log: Logger
  /** Reports progress; also notices cancellation. */
  readonly heartbeat: (progress: Progress) => void
}

export interface Progress {
  readonly done: number
  readonly total: number | null
}

/** The CRM of a session that must have one. @throws Error if it has none: a fault of the caller. */
export function requireCrm(session: SyncSession): OpenCrm {
  if (!session.crm) {
    throw new Error(`connection ${session.connection.connectionId} has no CRM`)
  }
  return session.crm
}
