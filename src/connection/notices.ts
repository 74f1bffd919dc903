import type { CrmDriver } from '../crm/crm.js'
import type { ConnectionRow } from '../ledger/connection/connections.js'
import type { Queryable } from '../ledger/db/database.js'
import { foreignCategoriesOf } from '../ledger/connection/crm-notices.js'
import { unusableAddresses, type UnusableAddresses } from '../ledger/copy/connection-counts.js'
import { tenantBasesOf, type TenantBasisCount } from '../ledger/copy/tenant-bases.js'
import { maskAddresses } from '../telemetry/mask-addresses.js'
import { basisMappingKeyOf, basisMappingOf } from './basis-mapping.js'

/** What the sync does not handle and somebody may want to change. It contains no address and no name of a person. */
export interface Notices {
  /** The tenant's own legal bases that the connection file does not map (C2). */
  readonly unmappedBases: readonly TenantBasisCount[]
  /** The key of the connection file that maps such bases: `superoffice.legalBases`; null: the CRM has none. */
  readonly basisMappingKey: string | null
  /** Names of subscription categories that somebody added in the CRM (D3). */
  readonly foreignCategories: readonly string[]
  /** Records whose address field links nobody: only their denies count (rule A). */
  readonly unusableAddresses: UnusableAddresses
}

/** Reads the notices from the copy. @param driver null: no CRM. */
export async function noticesOf(
  db: Queryable,
  connection: ConnectionRow,
  driver: Pick<CrmDriver, 'tenantBases' | 'configSection'> | null,
): Promise<Notices> {
  const { connectionId } = connection
  const mapping = basisMappingOf(driver, connection)
  const bases = driver?.tenantBases ? await tenantBasesOf(db, connectionId) : []
  return {
    unmappedBases: bases.filter(({ key }) => !mapping.has(key)),
    basisMappingKey: basisMappingKeyOf(driver),
    foreignCategories: await foreignCategoriesOf(db, connectionId),
    unusableAddresses: await unusableAddresses(db, connectionId),
  }
}

/** Most names shown; the others are counted. */
const MOST_NAMED = 20

/** The notices as sentences for a status. They contain no ids. */
export function noticeSentences(notices: Notices): readonly string[] {
  const { unmappedBases, basisMappingKey, foreignCategories, unusableAddresses: unusable } = notices
  const bases = unmappedBases.map(
    ({ key, marketingSendouts, storeAndProcess }) =>
      `${maskAddresses(key)} (Marketing sendouts ${marketingSendouts} persons, Store and process ${storeAndProcess})`,
  )
  return [
    ...(bases.length === 0
      ? []
      : [
          `Legal bases that the tenant made and ${basisMappingKey} does not map, so that they are neither synced nor ` +
            `mailed: ${listed(bases)}.`,
        ]),
    ...(foreignCategories.length === 0 ? [] : [foreignCategoriesSentence(foreignCategories)]),
    ...(unusable.crm.count + unusable.emarketeer.count === 0
      ? []
      : [
          `Address fields that hold several or decorated addresses, or none, in the CRM ${unusable.crm.count}, in eMarketeer ` +
            `${unusable.emarketeer.count}: they link nobody, and only their denies count. Put one plain address into ` +
            'each; lbsync connection show names them.',
        ]),
  ]
}

/** @param names at least one. */
/** The sentence about categories that somebody added in the CRM (D3). */
export function foreignCategoriesSentence(names: readonly string[]): string {
  return `Categories that somebody added in the CRM, which are ignored (create them in eMarketeer): ${listed(names.map((name) => `“${name}”`))}.`
}

function listed(parts: readonly string[]): string {
  const left = parts.length - MOST_NAMED
  const shown = parts.slice(0, MOST_NAMED).join(', ')
  return left > 0 ? `${shown} and ${left} more` : shown
}
