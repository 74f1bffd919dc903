import { randomBytes } from 'node:crypto'
import { implicitConnectionId } from '../../contracts/names.js'
import {
  decidingConnection,
  type ConnectionState,
  type PauseMode,
} from '../../domain/connection-state.js'
import type { Queryable } from '../db/database.js'

export type { ConnectionState, PauseMode }

/** The webhooks that set-up registered on both sides. */
export interface RegisteredWebhooks {
  /** The gateway's public URL at that time. */
  readonly publicUrl: string
  readonly webhookRef: string
  /** Whether the CRM sends webhooks. */
  readonly installed: boolean
  /** Why the CRM does not. */
  readonly reason: string | null
}

/** A stored connection. `config` holds names of secrets or sealed texts, never a secret. */
export interface ConnectionRow {
  readonly connectionId: string
  readonly accountId: string
  readonly crm: string
  readonly state: ConnectionState
  /** Set only while paused; null then means `all`. */
  readonly pauseMode: PauseMode | null
  readonly legalBasisSync: boolean
  readonly subscriptionSync: boolean
  readonly createMissing: 'none' | 'emarketeer'
  readonly newlyMailableLimit: number
  readonly subscriptionRowsPerDay: number
  readonly config: Readonly<Record<string, unknown>>
  /** Facts that set-up learned about the CRM's installation. Only the CRM's folder knows their content. */
  readonly facts: Readonly<Record<string, unknown>>
  /** Null: set-up has not registered any, or they were removed. */
  readonly registeredWebhooks: RegisteredWebhooks | null
  /** The removal of the installation has begun: its tables may be unreadable. */
  readonly removalBegun: boolean
  readonly epoch: number
  readonly webhookRef: string
  readonly emarketeerWebhookSecret: string | null
  readonly emarketeerCursor: string | null
  readonly emarketeerProvenTick: number
  readonly emarketeerProvenAt: Date | null
  readonly crmCursor: string | null
  readonly crmProvenTick: number
  /** Start of the newest reading that was complete or listed everything. */
  readonly crmProvenAt: Date | null
  /** The CRM returned a row that does not name its owner, and no later listing was free of such rows. */
  readonly crmUnattributed: boolean
  readonly crmBlockedUntil: Date | null
  readonly crmBlockedCode: string | null
  readonly crmBlockedSince: Date | null
  /** The refusal and its remedy, for people; null: no refusal. */
  readonly crmBlockedReason: string | null
  readonly emarketeerBlockedUntil: Date | null
  readonly emarketeerBlockedCode: string | null
  readonly emarketeerBlockedSince: Date | null
  readonly emarketeerBlockedReason: string | null
  readonly crmClockOffsetMs: number | null
}

const COLUMNS = `connection_id AS "connectionId", account_id AS "accountId", crm, state, pause_mode AS "pauseMode",
  legal_basis_sync AS "legalBasisSync", subscription_sync AS "subscriptionSync",
  create_missing AS "createMissing", newly_mailable_limit AS "newlyMailableLimit",
  subscription_rows_per_day AS "subscriptionRowsPerDay", config, facts, epoch,
  registered_webhooks AS "registeredWebhooks", removal_begun AS "removalBegun",
  webhook_ref AS "webhookRef", emarketeer_webhook_secret AS "emarketeerWebhookSecret",
  emarketeer_cursor AS "emarketeerCursor", emarketeer_proven_tick AS "emarketeerProvenTick",
  emarketeer_proven_at AS "emarketeerProvenAt", crm_cursor AS "crmCursor",
  crm_proven_tick AS "crmProvenTick", crm_proven_at AS "crmProvenAt",
  crm_untold AS "crmUnattributed",
  crm_blocked_until AS "crmBlockedUntil", crm_blocked_code AS "crmBlockedCode",
  crm_blocked_since AS "crmBlockedSince", crm_blocked_reason AS "crmBlockedReason",
  emarketeer_blocked_until AS "emarketeerBlockedUntil",
  emarketeer_blocked_code AS "emarketeerBlockedCode",
  emarketeer_blocked_since AS "emarketeerBlockedSince",
  emarketeer_blocked_reason AS "emarketeerBlockedReason", crm_clock_offset_ms AS "crmClockOffsetMs"`

/** Condition of a retired webhook address that still works. */
const STILL_TAKEN = '(accepted_until IS NULL OR accepted_until > now())'

/** Settings that `connection apply` writes. */
export type ConnectionSettings = Pick<
  ConnectionRow,
  | 'connectionId'
  | 'accountId'
  | 'crm'
  | 'legalBasisSync'
  | 'subscriptionSync'
  | 'createMissing'
  | 'newlyMailableLimit'
  | 'subscriptionRowsPerDay'
  | 'config'
>

export async function findConnection(
  db: Queryable,
  connectionId: string,
): Promise<ConnectionRow | null> {
  const rows = await db.query<ConnectionRow>(
    `SELECT ${COLUMNS} FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  return rows[0] ?? null
}

/** Every connection except the implicit ones, by id. */
export function listConnections(db: Queryable): Promise<ConnectionRow[]> {
  return db.query<ConnectionRow>(
    `SELECT ${COLUMNS} FROM connections WHERE state <> 'implicit' ORDER BY connection_id`,
  )
}

/** The connections to a CRM that are not disabled, by id. */
export function findRunningOfCrm(db: Queryable, crm: string): Promise<ConnectionRow[]> {
  return db.query<ConnectionRow>(
    `SELECT ${COLUMNS} FROM connections
      WHERE crm = $1 AND state IN ('settingUp', 'active', 'paused') ORDER BY connection_id`,
    [crm],
  )
}

/** The connection that decides an account's sendouts, or null. An account has at most one (rule A). */
export async function findConnectionOfAccount(
  db: Queryable,
  accountId: string,
): Promise<ConnectionRow | null> {
  const ofAccount = await db.query<ConnectionRow>(
    `SELECT ${COLUMNS} FROM connections WHERE account_id = $1`,
    [accountId],
  )
  return decidingConnection(ofAccount)
}

/** The account of a named connection, or null. An implicit row has no name. */
export async function accountOfConnection(
  db: Queryable,
  connectionId: string,
): Promise<string | null> {
  const rows = await db.query<{ accountId: string }>(
    `SELECT account_id AS "accountId" FROM connections WHERE connection_id = $1 AND state <> 'implicit'`,
    [connectionId],
  )
  return rows[0]?.accountId ?? null
}

/** Every webhook address in use, also retired ones. An account without a CRM has none. */
export async function listWebhookRefs(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ ref: string }>(
    `SELECT webhook_ref AS ref FROM connections WHERE state <> 'implicit'
      UNION ALL SELECT webhook_ref FROM retired_webhook_refs WHERE ${STILL_TAKEN}`,
  )
  return rows.map(({ ref }) => ref)
}

/** The connection of a current or recently retired webhook address, or null. */
export async function findConnectionByWebhookRef(
  db: Queryable,
  webhookRef: string,
): Promise<ConnectionRow | null> {
  const rows = await db.query<ConnectionRow>(
    `SELECT ${COLUMNS} FROM connections WHERE webhook_ref = $1 OR connection_id =
      (SELECT connection_id FROM retired_webhook_refs WHERE webhook_ref = $1 AND ${STILL_TAKEN})`,
    [webhookRef],
  )
  return rows[0] ?? null
}

/** Stores the settings. A new connection starts in `settingUp`; a disabled one gets a new epoch. */
export async function saveConnection(
  db: Queryable,
  settings: ConnectionSettings,
): Promise<ConnectionRow> {
  const rows = await db.query<ConnectionRow>(
    `INSERT INTO connections (connection_id, account_id, crm, state, legal_basis_sync, subscription_sync,
        create_missing, newly_mailable_limit, subscription_rows_per_day, config, webhook_ref)
      VALUES ($1, $2, $3, 'settingUp', $4, $5, $6, $7, $8, $9, $10)
      ON CONFLICT (connection_id) DO UPDATE SET legal_basis_sync = excluded.legal_basis_sync,
        subscription_sync = excluded.subscription_sync, create_missing = excluded.create_missing,
        newly_mailable_limit = excluded.newly_mailable_limit,
        subscription_rows_per_day = excluded.subscription_rows_per_day, config = excluded.config,
        -- Enabled again: what was observed before proves nothing now.
        epoch = connections.epoch + CASE WHEN connections.state = 'disabled' THEN 1 ELSE 0 END,
        updated_at = now()
      RETURNING ${COLUMNS}`,
    [
      settings.connectionId,
      settings.accountId,
      settings.crm,
      settings.legalBasisSync,
      settings.subscriptionSync,
      settings.createMissing,
      settings.newlyMailableLimit,
      settings.subscriptionRowsPerDay,
      JSON.stringify(settings.config),
      newWebhookRef(),
    ],
  )
  return rows[0]!
}

/**
 * The row of an account without a CRM; creates it when first needed. Account and state identify it. Its id gets a
 * suffix if a former connection has that id.
 */
export async function ensureImplicitConnection(
  db: Queryable,
  accountId: string,
): Promise<ConnectionRow> {
  await db.query(
    `INSERT INTO connections (connection_id, account_id, crm, state, legal_basis_sync, subscription_sync,
        create_missing, newly_mailable_limit, subscription_rows_per_day, config, webhook_ref)
      SELECT $2 || CASE WHEN EXISTS (SELECT FROM connections WHERE connection_id = $2) THEN $3 ELSE '' END,
        $1, 'none', 'implicit', false, false, 'none', 0, 0, '{}', $4
      ON CONFLICT DO NOTHING`,
    [
      accountId,
      implicitConnectionId(accountId),
      `-${randomBytes(3).toString('hex')}`,
      newWebhookRef(),
    ],
  )
  const rows = await db.query<ConnectionRow>(
    `SELECT ${COLUMNS} FROM connections WHERE account_id = $1 AND state = 'implicit'`,
    [accountId],
  )
  return rows[0]!
}

/** Creates a webhook address: 24 random bytes, base64url. */
export function newWebhookRef(): string {
  return randomBytes(24).toString('base64url')
}

/**
 * Sets the state. A set-up that ends late does not activate a connection that was disabled or paused meanwhile:
 * applying the connection's file enables a disabled one, and resuming ends a pause (connection-life.ts). The row of an
 * account without a CRM keeps its state.
 */
export async function setConnectionState(
  db: Queryable,
  connectionId: string,
  state: ConnectionState,
): Promise<void> {
  await db.query(
    `UPDATE connections SET state = $2, updated_at = now(),
        pause_mode = CASE WHEN $2 = 'paused' THEN pause_mode END
      WHERE connection_id = $1 AND state <> 'implicit' AND ($2 <> 'active' OR state NOT IN ('disabled', 'paused'))`,
    [connectionId, state],
  )
}

/** Merges learned facts over the stored ones; null removes a fact. */
export async function mergeFacts(
  db: Queryable,
  connectionId: string,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const forgotten = Object.keys(facts).filter((key) => facts[key] === null)
  await db.query(
    `UPDATE connections SET facts = (facts || $2::jsonb) - $3::text[], updated_at = now()
      WHERE connection_id = $1`,
    [connectionId, JSON.stringify(facts), forgotten],
  )
}

/** Stores eMarketeer's webhook secret, sealed. */
export async function saveEmarketeerWebhookSecret(
  db: Queryable,
  connectionId: string,
  sealedSecret: string,
): Promise<void> {
  await db.query(`UPDATE connections SET emarketeer_webhook_secret = $2 WHERE connection_id = $1`, [
    connectionId,
    sealedSecret,
  ])
}

/** The connection's current state, read without a lock; null: there is no such connection. */
export async function connectionStateOf(
  db: Queryable,
  connectionId: string,
): Promise<Pick<ConnectionRow, 'state' | 'pauseMode'> | null> {
  const [row] = await db.query<Pick<ConnectionRow, 'state' | 'pauseMode'>>(
    `SELECT state, pause_mode AS "pauseMode" FROM connections WHERE connection_id = $1`,
    [connectionId],
  )
  return row ?? null
}
