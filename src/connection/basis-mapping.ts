import { isRecord } from '../config/connection/json-object.js'
import type { CrmDriver } from '../crm/crm.js'
import { NOTHING_MAPPED, type BasisMapping } from '../domain/tenant-basis.js'
import type { ConnectionRow } from '../ledger/connection/connections.js'

/** Cached by stored configuration, because a batch uses it for each of its cells. */
const known = new WeakMap<object, BasisMapping>()

/** The stored mapping of the tenant's own bases (C2). @param driver null: no CRM. */
export function basisMappingOf(
  driver: Pick<CrmDriver, 'tenantBases'> | null,
  { config }: Pick<ConnectionRow, 'config'>,
): BasisMapping {
  const section = isRecord(config) ? config['section'] : null
  if (!isRecord(section) || !driver?.tenantBases) {
    return NOTHING_MAPPED
  }
  const mapping = known.get(section) ?? driver.tenantBases.mappingIn(section)
  known.set(section, mapping)
  return mapping
}

/** The key of the connection file that maps them: `superoffice.legalBases`. Null: the CRM has none. */
export function basisMappingKeyOf(
  driver: Pick<CrmDriver, 'tenantBases' | 'configSection'> | null,
): string | null {
  return driver?.tenantBases ? `${driver.configSection}.${driver.tenantBases.key}` : null
}
