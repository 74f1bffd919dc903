import type { ConnectionFile } from '../../config/connection-file.js'
import { AppError } from '../../contracts/app-error.js'
import { IMPLICIT_ID_PREFIX } from '../../contracts/names.js'
import type { ConnectionRow } from '../../ledger/connection/connections.js'

/** What the ledger holds when a file is to be applied. */
export interface KnownConnections {
  /** The connection with the file's id, or null. */
  readonly existing: ConnectionRow | null
  /** The account's connection that is not disabled, or null. */
  readonly ofAccount: ConnectionRow | null
}

const SYNC_SWITCHES = ['legalBasisSync', 'subscriptionSync'] as const

/**
 * Whether a file may be applied on what is there; pure.
 *
 * @throws AppError `value_invalid` (another CRM or account, an id that is ours), `tenant_has_active_crm` (rule A), `connection_paused`,
 *   `sync_needs_reenable` (C7). None is retryable.
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

/** Under such an id stands an account without CRM; a connection that has had one since former days keeps it. */
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

/** The ledger's copy belongs to one account and one CRM; another one needs a connection of its own. */
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

/** Says exactly what to do: one account has one active CRM (rule A), and changing it is two applies. */
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
