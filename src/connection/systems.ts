import type { Secret } from '../config/secrets/secret.js'
import type { SecretsVault } from '../config/secrets/secrets-vault.js'
import { resolveStoredConfig } from '../config/connection/stored-config.js'
import { AppError } from '../contracts/app-error.js'
import { requireDriver, type CrmDriver, type CrmClient } from '../crm/crm.js'
import {
  createEmarketeerClient,
  createPublicContacts,
  type EmarketeerClient,
  type PublicContacts,
} from '../emarketeer/index.js'
import { NextFlight, RequestTally } from '../http/index.js'
import { findConnection, type ConnectionRow } from '../ledger/connection/connections.js'
import { noticing, type Database } from '../ledger/db/database.js'
import type { SyncRun } from '../ledger/run/runs.js'
import { logger } from '../telemetry/logger.js'
import { factSecrets, saveWebhookSecret } from './sealed-secrets.js'
import { ClockWatch } from './crm-clock.js'
import { type OpenCrm, type Progress, type SyncSession, UnreadableRecords } from './session.js'

/** What a process needs to reach the outside systems of any connection. */
export interface SystemsOptions {
  readonly db: Database
  /** By the `crm` of a connection file. */
  readonly drivers: ReadonlyMap<string, CrmDriver>
  readonly vault: SecretsVault
  /** Values of `{"env": NAME}` secrets. */
  readonly variables: Readonly<Record<string, string | undefined>>
  readonly emarketeer: {
    readonly syncUrl: string
    readonly apiKey: string
    readonly connectUrl: string | null
  }
  readonly allowLoopbackHttp: boolean
}

/** Cancellation and progress callbacks of one piece of work. */
export interface WorkOptions {
  readonly signal?: AbortSignal
  readonly heartbeat?: (progress: Progress) => void
  /** Called after each outside request and each statement. */
  readonly onSign?: () => void
}

/** `crm` of an account without CRM. */
const NO_CRM = 'none'

interface OpenSystems {
  /** The configuration that they were opened with. They are closed when it changes. */
  readonly fingerprint: string
  readonly crm: OpenCrm | null
  readonly publicContacts: PublicContacts | null
}

/**
 * Opens connections and keeps them open in this process: tokens, sockets and learned ids are kept as long as the
 * configuration stays the same.
 */
export class Systems {
  readonly #open = new Map<string, OpenSystems>()
  readonly #accounts = new Map<string, EmarketeerClient>()
  readonly #feeds = new Map<string, NextFlight>()

  constructor(private readonly options: SystemsOptions) {}

  get db(): Database {
    return this.options.db
  }

  /** The driver of a connection's CRM, or null where it has none. */
  driverOf(connection: ConnectionRow): CrmDriver | null {
    return this.options.drivers.get(connection.crm) ?? null
  }

  /** @throws AppError `crm_not_supported`: it has no CRM, or one that this release does not connect to. */
  requireDriver({ crm }: ConnectionRow): CrmDriver {
    return requireDriver(this.options.drivers, crm)
  }

  emarketeerOf(accountId: string): EmarketeerClient {
    let client = this.#accounts.get(accountId)
    if (!client) {
      const { syncUrl, apiKey } = this.options.emarketeer
      client = createEmarketeerClient({ syncUrl, apiKey, accountId })
      this.#accounts.set(accountId, client)
    }
    return client
  }

  /** The connection. @throws AppError `connection_not_found`, also for the row of an account without CRM. */
  connection(connectionId: string): Promise<ConnectionRow> {
    return this.#rowOf(connectionId, false)
  }

  async #rowOf(connectionId: string, orImplicit: boolean): Promise<ConnectionRow> {
    const connection = await findConnection(this.options.db, connectionId)
    if (!connection || (connection.state === 'implicit' && !orImplicit)) {
      throw new AppError('connection_not_found', `There is no connection ${connectionId}.`, {
        path: 'connectionId',
        value: connectionId,
      })
    }
    return connection
  }

  /**
   * Opens a session for one run's work on a connection.
   * @throws AppError `connection_not_found`, `crm_not_supported`, `secret_missing`, `value_invalid`: a person must
   *   correct it.
   */
  async session(run: SyncRun, work: WorkOptions = {}): Promise<SyncSession> {
    // Without a CRM, only sendouts are decided.
    const connection = await this.#rowOf(run.connectionId, run.trigger === 'preSend')
    const systems = this.#systemsOf(connection)
    const clock = new ClockWatch()
    const { db } = this.options
    const log = logger('sync').child({
      connectionId: connection.connectionId,
      tier: run.trigger,
      runId: run.runId,
    })
    const unreadable = new UnreadableRecords(log)
    return {
      db: work.onSign ? noticing(db, work.onSign) : db,
      connection,
      emarketeer: this.emarketeerOf(connection.accountId),
      crm: systems.crm,
      publicContacts: systems.publicContacts,
      run,
      call: {
        signal: work.signal,
        tally: new RequestTally(),
        onClock: clock.note,
        onUnreadable: unreadable.note,
        onRequest: work.onSign,
      },
      clock,
      feed: this.#feedOf(connection.connectionId),
      unreadable,
      log,
      heartbeat: work.heartbeat ?? (() => undefined),
    }
  }

  #feedOf(connectionId: string): NextFlight {
    const feed = this.#feeds.get(connectionId) ?? new NextFlight()
    this.#feeds.set(connectionId, feed)
    return feed
  }

  /** Stores the secret of eMarketeer's webhook, sealed for its connection. */
  saveWebhookSecret(connectionId: string, secret: string): Promise<void> {
    return saveWebhookSecret(this.options, connectionId, secret)
  }

  /** Closes kept sockets. */
  close(): void {
    this.#accounts.forEach((client) => client.close())
    this.#open.forEach((systems) => systems.publicContacts?.close())
    this.#accounts.clear()
    this.#open.clear()
  }

  #systemsOf(connection: ConnectionRow): OpenSystems {
    const fingerprint = JSON.stringify([connection.config, connection.facts])
    const kept = this.#open.get(connection.connectionId)
    if (kept?.fingerprint === fingerprint) {
      return kept
    }
    kept?.publicContacts?.close()
    const systems = { fingerprint, ...this.#openSystems(connection) }
    this.#open.set(connection.connectionId, systems)
    return systems
  }

  #openSystems(connection: ConnectionRow): Omit<OpenSystems, 'fingerprint'> {
    if (connection.crm === NO_CRM) {
      return { crm: null, publicContacts: null }
    }
    // An unsupported CRM may hold opt-outs, so eMarketeer must not decide alone.
    const driver = this.requireDriver(connection)
    const { variables, vault, allowLoopbackHttp, emarketeer } = this.options
    const { crmConfig, publicApiKey } = resolveStoredConfig(connection.config, {
      env: variables,
      vault,
    })
    const session: CrmClient = driver.open(crmConfig, {
      connectionId: connection.connectionId,
      facts: connection.facts,
      allowLoopbackHttp,
      secrets: factSecrets(vault, connection.connectionId),
    })
    return {
      crm: {
        capabilities: driver.capabilities,
        client: session,
        source: driver.emarketeerSource,
        ...(driver.tenantBases ? { tenantBases: driver.tenantBases } : {}),
      },
      publicContacts: publicApiKey && openPublicContacts(emarketeer.connectUrl, publicApiKey),
    }
  }
}

function openPublicContacts(connectUrl: string | null, apiKey: Secret): PublicContacts {
  if (connectUrl === null) {
    throw new AppError(
      'environment_invalid',
      'EMARKETEER_CONNECT_URL is missing; a connection creates contacts in eMarketeer.',
      { path: 'EMARKETEER_CONNECT_URL' },
    )
  }
  return createPublicContacts({ connectUrl, apiKey: apiKey.reveal() })
}
