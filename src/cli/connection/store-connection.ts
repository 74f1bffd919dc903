import type { ConnectionFile } from '../../config/connection-file.js'
import type { StoredConfig } from '../../config/stored-config.js'
import { AppError } from '../../contracts/app-error.js'
import {
  findConnection,
  findConnectionOfAccount,
  mergeFacts,
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
import { REMOVAL_BEGUN } from '../../ledger/connection/removal.js'
import { checkChange } from './check-change.js'

/**
 * Subscription rows written a day (D3). Dataverse counts every row that an application writes against an entitlement
 * that starts at 40,000 a day; half of it is left to the customer's own use.
 */
const SUBSCRIPTION_ROWS_PER_DAY = 20_000

const UNIQUE_VIOLATION = '23505'

/** Keys of the tenant's own legal bases that now stand for something else than before (C2). */
function basesMappedAnew(existing: ConnectionRow | null, saved: ConnectionRow): readonly string[] {
  const driver = CRM_DRIVERS.get(saved.crm) ?? null
  const before = existing === null ? NOTHING_MAPPED : basisMappingOf(driver, existing)
  const now = basisMappingOf(driver, saved)
  const keys = new Set([...before.keys(), ...now.keys()])
  return [...keys].filter((key) => before.get(key) !== now.get(key))
}

/**
 * Stores an applied file that both systems were asked about. Checked once more in the same transaction, as somebody may have applied another file since.
 *
 * @returns the row as it is then.
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
      const saved = await saveConnection(tx, {
        ...file,
        subscriptionRowsPerDay: existing?.subscriptionRowsPerDay ?? SUBSCRIPTION_ROWS_PER_DAY,
        config: stored,
      })
      await markHoldersDue(tx, file.connectionId, basesMappedAnew(existing, saved))
      // Both have just taken these credentials: whatever refused the former ones holds nothing back.
      await resetRefusedBreakers(tx, file.connectionId)
      if (saved.state === 'disabled') {
        await setConnectionState(tx, file.connectionId, 'settingUp')
        await mergeFacts(tx, file.connectionId, { [REMOVAL_BEGUN]: null })
        // Enabled again: what changed while nobody looked, and what was not synced before, is passed over once.
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
