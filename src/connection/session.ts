import type { CrmSource } from '../contracts/names.js'
import type { CrmCapabilities, CrmDriver, CrmClient } from '../crm/crm.js'
import type { EmarketeerClient, PublicContacts } from '../emarketeer/index.js'
import type {
  CallContext,
  ClockReading,
  NextFlight,
  RequestTally,
  UnreadableRecord,
} from '../http/index.js'
import type { ConnectionRow } from '../ledger/connection/connections.js'
import type { Database } from '../ledger/db/database.js'
import type { SyncRun } from '../ledger/run/runs.js'
import type { Logger } from '../telemetry/logger.js'

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

/** Most logged records per place; the others are counted. */
const MOST_LOGGED = 20

/**
 * Counts records that could not be read, by operation and place. Such a record keeps its former state, which excludes
 * it from sendouts. A sweep reports them in `connection show`.
 */
export class UnreadableRecords {
  readonly #counts = new Map<string, number>()

  constructor(private readonly log: Logger) {}

  /** The `onUnreadable` callback of a call. */
  readonly note = ({ operation, path, id }: UnreadableRecord): void => {
    const place = `${operation} at ${path}`
    const count = (this.#counts.get(place) ?? 0) + 1
    this.#counts.set(place, count)
    if (count <= MOST_LOGGED) {
      this.log.warn({ operation, path, entityId: id }, 'a record could not be read')
    }
  }

  /** One line per place. It contains nothing personal. */
  lines(): string[] {
    return [...this.#counts].map(([place, count]) =>
      count === 1
        ? `1 record could not be read: ${place}`
        : `${count} records could not be read: ${place}`,
    )
  }
}
