import type { CrmSource } from '../contracts/names.js'
import type { CrmCapabilities, CrmDriver, CrmClient } from '../crm/crm.js'
import type { EmarketeerClient, PublicContacts } from '../emarketeer/index.js'
import type { CallContext, ClockReading, RequestTally } from '../http/index.js'
import type { ConnectionRow } from '../ledger/connection/connections.js'
import type { Database } from '../ledger/db/database.js'
import type { SyncRun } from '../ledger/run/runs.js'
import type { Logger } from '../telemetry/logger.js'
import type { UnreadableRecords } from './unreadable-records.js'

/** The CRM side of a connection, opened; null where eMarketeer alone decides. */
export interface OpenCrm extends Pick<CrmDriver, 'basisMapping'> {
  readonly capabilities: CrmCapabilities
  readonly client: CrmClient
  /** Name of the CRM as eMarketeer's `source` gives it. */
  readonly source: CrmSource
}

/** Everything that one piece of sync work needs: made per activity, for one connection and one run. */
export interface SyncSession {
  readonly db: Database
  readonly connection: ConnectionRow
  readonly emarketeer: EmarketeerClient
  readonly crm: OpenCrm | null
  /** Only where `createMissing` asks for it (E7). */
  readonly publicContacts: PublicContacts | null
  readonly run: SyncRun
  /** Cancellation and counting for every call to the outside. */
  readonly call: CallContext & { readonly tally: RequestTally }
  /** What was learned on the way about both sides' clocks. Absent where nobody watches them. */
  readonly clock?: { readonly crm: ClockReading | null; readonly emarketeer: ClockReading | null }
  /** Records that could not be read. Absent where nobody counts them. */
  readonly unreadable?: UnreadableRecords
  readonly log: Logger
  /** Tells whoever watches that the work is alive; also how cancellation is noticed. */
  readonly heartbeat: (progress: Progress) => void
}

/** How far a piece of work is. */
export interface Progress {
  readonly done: number
  readonly total: number | null
}

/** The CRM of a session where there must be one. */
export function requireCrm(session: SyncSession): OpenCrm {
  if (!session.crm) {
    throw new Error(`connection ${session.connection.connectionId} has no CRM`)
  }
  return session.crm
}
