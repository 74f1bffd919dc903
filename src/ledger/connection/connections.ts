import { randomBytes } from 'node:crypto'
import { implicitConnectionId } from '../../contracts/names.js'
import {
  decidingConnection,
  type ConnectionState,
  type PauseMode,
} from '../../domain/connection-state.js'
import type { Queryable } from '../db/database.js'

export type { ConnectionState, PauseMode }

/** A connection as stored. Secrets in `config` are names or sealed texts, never the secrets. */
export interface ConnectionRow {
  readonly connectionId: string
  readonly accountId: string
  readonly crm: string
  readonly state: ConnectionState
  /** Only while paused; null then means `all`. */
  readonly pauseMode: PauseMode | null
  readonly legalBasisSync: boolean
  readonly subscriptionSync: boolean
  readonly createMissing: 'none' | 'emarketeer'
  readonly newlyMailableLimit: number
  readonly subscriptionRowsPerDay: number
  readonly config: Readonly<Record<string, unknown>>
  readonly facts: Readonly<Record<string, unknown>>
  readonly epoch: number
  readonly webhookRef: string
  readonly emarketeerWebhookSecret: string | null
  readonly emarketeerCursor: string | null
  readonly emarketeerProvenTick: number
  readonly emarketeerProvenAt: Date | null
  readonly crmCursor: string | null
  readonly crmProvenTick: number
  /** The begin of the newest reading that was complete, or listed everything. */
  readonly crmProvenAt: Date | null
  /** The CRM told of a row that does not tell whose it is, and no listing since was without one. */
  readonly crmUntold: boolean
  readonly crmBlockedUntil: Date | null
  readonly crmBlockedCode: string | null
  readonly crmBlockedSince: Date | null
  /** What a refusal is about and what to do, in plain words; null where no refusal tripped the breaker. */
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
  webhook_ref AS "webhookRef", emarketeer_webhook_secret AS "emarketeerWebhookSecret",
  emarketeer_cursor AS "emarketeerCursor", emarketeer_proven_tick AS "emarketeerProvenTick",
  emarketeer_proven_at AS "emarketeerProvenAt", crm_cursor AS "crmCursor",
  crm_proven_tick AS "crmProvenTick", crm_proven_at AS "crmProvenAt",
  crm_untold AS "crmUntold",
  crm_blocked_until AS "crmBlockedUntil", crm_blocked_code AS "crmBlockedCode",
  crm_blocked_since AS "crmBlockedSince", crm_blocked_reason AS "crmBlockedReason",
  emarketeer_blocked_until AS "emarketeerBlockedUntil",
  emarketeer_blocked_code AS "emarketeerBlockedCode",
  emarketeer_blocked_since AS "emarketeerBlockedSince",
  emarketeer_blocked_reason AS "emarketeerBlockedReason", crm_clock_offset_ms AS "crmClockOffsetMs"`

/** Of a retired webhook address. */
const STILL_TAKEN = '(accepted_until IS NULL OR accepted_until > now())'

/** Settings that `connection apply` writes. */
export interface ConnectionSettings {
  readonly connectionId: string
  readonly accountId: string
  readonly crm: string
  readonly legalBasisSync: boolean
  readonly subscriptionSync: boolean
  readonly createMissing: 'none' | 'emarketeer'
  readonly newlyMailableLimit: number
  readonly subscriptionRowsPerDay: number
  readonly config: Readonly<Record<string, unknown>>
}

/** The connection, or null. */
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

/** Every connection but the implicit ones, by id. */
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

/** The account's connection by which its sendouts are decided, or null (rule A: there is at most one). */
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

/** The account of a connection that somebody named, or null: an implicit row is nobody's to name. */
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

/** Every webhook address that is taken, former ones too. An account without CRM has none. */
export async function listWebhookRefs(db: Queryable): Promise<string[]> {
  const rows = await db.query<{ ref: string }>(
    `SELECT webhook_ref AS ref FROM connections WHERE state <> 'implicit'
      UNION ALL SELECT webhook_ref FROM retired_webhook_refs WHERE ${STILL_TAKEN}`,
  )
  return rows.map(({ ref }) => ref)
}

/** The connection that a webhook address belongs to, or belonged to until lately; or null. */
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

/** Stores the settings; a connection that is new, or was disabled, starts over in `settingUp`. */
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
 * The row that stands for an account without CRM; made when first needed. It is known by account and state: its id may be
 * taken by a connection of former days, and then has something added.
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

/** A new webhook address: 24 random bytes, base64url. */
export function newWebhookRef(): string {
  return randomBytes(24).toString('base64url')
}

/**
 * Sets the state. A set-up that ends late activates neither a connection that was disabled nor one that was paused
 * meanwhile; the one is enabled by applying its file, the other by resuming it (connection-life.ts). The row of an account
 * without CRM has no other state.
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

/** Merges facts that a set-up step learned over the earlier ones; a null forgets one. */
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

/** Keeps eMarketeer's webhook secret, sealed. */
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

/** How a connection stands at this moment, or null: there is none. Read without a lock. */
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
