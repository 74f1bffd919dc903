import type { ConnectionFile } from '../../config/connection/connection-file.js'
import { type StoredConfig, resolveStoredConfig } from '../../config/connection/stored-config.js'
import { AppError } from '../../contracts/app-error.js'
import {
  findConnection,
  findConnectionOfAccount,
  saveConnection,
  setConnectionState,
  type ConnectionRow,
} from '../../ledger/connection/connections.js'
import { CRM_DRIVERS } from '../../crm/registry.js'
import { NOTHING_MAPPED } from '../../domain/tenant-basis.js'
import { markHoldersDue } from '../../ledger/copy/tenant-bases.js'
import { basisMappingOf } from '../../connection/basis-mapping.js'
import { markAllLinkedDue } from '../../ledger/copy/categories.js'
import type { Database } from '../../ledger/db/database.js'
import { resetRefusedBreakers } from '../../ledger/connection/breakers.js'
import { saveRemovalBegun } from '../../ledger/connection/removal.js'
import { IMPLICIT_ID_PREFIX } from '../../contracts/names.js'
import type { CrmDriver, CrmFacts } from '../../crm/crm.js'
import type { CallContext } from '../../http/call-context.js'
import { UpstreamError } from '../../http/index.js'
import { refusalReason } from '../../connection/refusal-words.js'
import { toAppError } from '../../connection/to-app-error.js'
import type { ComposedSystems } from '../../workers/compose-systems.js'

const UNIQUE_VIOLATION = '23505'

/** Keys of the tenant's own legal bases whose mapping the file changes (C2). */
function remappedBases(existing: ConnectionRow | null, saved: ConnectionRow): readonly string[] {
  const driver = CRM_DRIVERS.get(saved.crm) ?? null
  const before = existing === null ? NOTHING_MAPPED : basisMappingOf(driver, existing)
  const now = basisMappingOf(driver, saved)
  const keys = new Set([...before.keys(), ...now.keys()])
  return [...keys].filter((key) => before.get(key) !== now.get(key))
}

/**
 * Stores an applied file after both systems have accepted it. Checks it again in the same transaction, because somebody
 * may have applied another file since.
 * @returns the stored row.
 * @throws AppError as {@link checkChange} does.
 */
export async function storeConnection(
  db: Database,
  file: ConnectionFile,
  stored: StoredConfig,
): Promise<ConnectionRow> {
  try {
    return await db.transaction(async (tx) => {
      const existing = await findConnection(tx, file.connectionId)
      checkChange(file, { existing, ofAccount: await findConnectionOfAccount(tx, file.accountId) })
      const saved = await saveConnection(tx, { ...file, config: stored })
      await markHoldersDue(tx, file.connectionId, remappedBases(existing, saved))
      // Both systems have just accepted these credentials, so a refusal of the former ones no longer counts.
      await resetRefusedBreakers(tx, file.connectionId)
      if (saved.state === 'disabled') {
        await setConnectionState(tx, file.connectionId, 'settingUp')
        await saveRemovalBegun(tx, file.connectionId, false)
        // After enabling, one pass covers what changed while the connection was disabled and what was not synced
        // before.
        await markAllLinkedDue(tx, file.connectionId)
        return { ...saved, state: 'settingUp' as const }
      }
      return saved
    })
  } catch (error) {
    if ((error as { code?: unknown }).code === UNIQUE_VIOLATION) {
      throw new AppError(
        'tenant_has_active_crm',
        `Account ${file.accountId} is connected by another connection already.`,
        { path: 'accountId', value: file.accountId },
      )
    }
    throw error
  }
}

/** The connections in the ledger when a file is applied. */
export interface KnownConnections {
  /** The connection with the file's id, or null. */
  readonly existing: ConnectionRow | null
  /** The account's connection that is not disabled, or null. */
  readonly ofAccount: ConnectionRow | null
}

const SYNC_SWITCHES = ['legalBasisSync', 'subscriptionSync'] as const

/**
 * Checks that a file may be applied to the stored connections. Pure.
 * @throws AppError `value_invalid` (another CRM or account, or a reserved id), `tenant_has_active_crm` (rule A),
 * `connection_paused`, `sync_needs_reenable` (C7). None is retryable.
 */
export function checkChange(file: ConnectionFile, { existing, ofAccount }: KnownConnections): void {
  refuseReserved(file, existing)
  if (existing) {
    refuseMove(file, existing)
  }
  if (ofAccount && ofAccount.connectionId !== file.connectionId) {
    throw otherConnection(file, ofAccount)
  }
  if (!existing || existing.state === 'disabled') {
    return
  }
  if (existing.state === 'paused') {
    throw new AppError(
      'connection_paused',
      `Connection ${file.connectionId} is paused: ` +
        `\`lbsync connection resume ${file.connectionId} --reason … --by …\`, then apply again.`,
      { path: 'connectionId', value: file.connectionId },
    )
  }
  const switchedOn = SYNC_SWITCHES.find((name) => file[name] && !existing[name])
  if (switchedOn !== undefined) {
    throw new AppError(
      'sync_needs_reenable',
      `${switchedOn} cannot be switched on in a running connection. Disable the integration entirely (CRM "None", ` +
        'apply changes) and enable it again with sync switched on.',
      { path: switchedOn, value: 'true' },
    )
  }
}

/** Refuses an id that is reserved for accounts without CRM. A connection that already has such an id keeps it. */
function refuseReserved({ connectionId }: ConnectionFile, existing: ConnectionRow | null): void {
  const ours = existing === null || existing.state === 'implicit'
  if (ours && connectionId.startsWith(IMPLICIT_ID_PREFIX)) {
    throw new AppError(
      'value_invalid',
      `connectionId is not valid: must not begin with "${IMPLICIT_ID_PREFIX}", which stands for accounts without CRM.`,
      { path: 'connectionId', value: connectionId },
    )
  }
}

/**
 * Refuses another account or CRM: the ledger's copy belongs to one account and one CRM, and another needs its own
 * connection.
 */
function refuseMove(file: ConnectionFile, existing: ConnectionRow): void {
  const moved = (['accountId', 'crm'] as const).find((name) => file[name] !== existing[name])
  if (moved !== undefined) {
    throw new AppError(
      'value_invalid',
      `${moved} is not valid: connection ${file.connectionId} belongs to ${existing[moved]}. Choose another connectionId.`,
      { path: moved, value: file[moved] },
    )
  }
}

/**
 * The refusal of a second active CRM (rule A). Its message contains the file to apply first, because changing the CRM
 * takes two applies.
 */
function otherConnection(file: ConnectionFile, active: ConnectionRow): AppError {
  const { connectionId, accountId, crm, state } = active
  const disabling = JSON.stringify({ connectionId, accountId, crm: 'none', legalBasisSync: false })
  return new AppError(
    'tenant_has_active_crm',
    `Account ${accountId} is connected by ${connectionId} already (${crm}, ${state}). ` +
      `To change the CRM, apply ${disabling} first, then this file again.`,
    { path: 'accountId', value: file.accountId },
  )
}

/** The limit for one small request to each system. */
const TIMEOUT_MS = 30_000

/** A connection as it would be stored. */
export interface Candidate {
  readonly file: ConnectionFile
  readonly stored: StoredConfig
  readonly driver: CrmDriver
  /** What an earlier set-up learned; empty for a new connection. */
  readonly facts: CrmFacts
}

/**
 * Asks both systems before anything is stored, so that a wrong account or secret is reported immediately.
 * @throws AppError `account_not_found`; `crm_auth_failed` with the likely fault in the credentials; UpstreamError if a
 * system cannot be reached.
 */
export async function checkOutside(composed: ComposedSystems, candidate: Candidate): Promise<void> {
  await checkBoth(composed, candidate).catch((error: unknown) => {
    throw inTime(error)
  })
}

/** Only our own time limit cancels these requests, so a cancelled one means that the system did not answer. */
function inTime(error: unknown): unknown {
  return error instanceof UpstreamError && error.code === 'upstream_cancelled'
    ? new AppError(
        error.system === 'emarketeer' ? 'emarketeer_unreachable' : 'crm_unreachable',
        `${error.operation} had no answer within ${TIMEOUT_MS / 1_000} s.`,
        { cause: error },
      )
    : error
}

async function checkBoth(composed: ComposedSystems, candidate: Candidate): Promise<void> {
  const { file, stored, driver, facts } = candidate
  const context: CallContext = { signal: AbortSignal.timeout(TIMEOUT_MS) }
  await checkAccount(composed, file.accountId, context)
  const { crmConfig } = resolveStoredConfig(stored, { env: process.env, vault: composed.vault })
  const session = driver.open(crmConfig, {
    connectionId: file.connectionId,
    facts,
    allowLoopbackHttp: composed.allowLoopbackHttp,
  })
  await session.check(context).catch((error: unknown) => {
    if (error instanceof UpstreamError && error.code === 'upstream_auth_failed') {
      const { code, value } = toAppError(error)
      const location = { path: driver.configSection, value, cause: error }
      throw new AppError(code, refusalReason(driver, error), location)
    }
    throw error
  })
}

async function checkAccount(
  { systems }: ComposedSystems,
  accountId: string,
  context: CallContext,
): Promise<void> {
  try {
    await systems.emarketeerOf(accountId).account(context)
  } catch (error) {
    if (error instanceof UpstreamError && error.code === 'upstream_not_found') {
      throw new AppError('account_not_found', `eMarketeer has no account ${accountId}.`, {
        path: 'accountId',
        value: accountId,
      })
    }
    throw error
  }
}
