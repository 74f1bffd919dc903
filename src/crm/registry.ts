import type { CrmDriver } from './crm.js'
import { dynamicsDriver } from './dynamics/driver.js'
import { superOfficeOnlineDriver, superOfficeOnsiteDriver } from './superoffice/driver.js'

/** Every CRM that this release connects to, by the `crm` of a connection file. A further one is one line here. */
export const CRM_DRIVERS: ReadonlyMap<string, CrmDriver> = new Map<string, CrmDriver>([
  ['dynamics', dynamicsDriver as CrmDriver],
  ['superoffice-online', superOfficeOnlineDriver as CrmDriver],
  ['superoffice-onsite', superOfficeOnsiteDriver as CrmDriver],
])

const drivers = [...CRM_DRIVERS.values()]

/** The meanings of the pauses and actions of all CRMs, for code that does not know the CRM of a pause. */
export const MEANINGS_OF_ALL_CRMS: Required<Pick<CrmDriver, 'setupPauses' | 'setupActions'>> = {
  setupPauses: Object.assign({}, ...drivers.map(({ setupPauses }) => setupPauses)),
  setupActions: Object.assign({}, ...drivers.map(({ setupActions }) => setupActions)),
}
