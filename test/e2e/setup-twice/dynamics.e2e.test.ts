import type { CrmDriver } from '../../../src/crm/crm.js'
import { dynamicsDriver } from '../../../src/crm/dynamics/driver.js'
import {
  startOrganisation,
  type DynamicsOrganisation,
} from '../setup-pauses/dynamics-organisation.js'
import { endsAsOne, LATE_MS } from './ends-as-one.js'
import type { MakeLate } from './two-attempts.js'

endsAsOne<DynamicsOrganisation>({
  name: 'Dynamics',
  driver: dynamicsDriver as CrmDriver,
  start: () => startOrganisation(),
  lateIn,
  clearFaults: (org) => org.control('DELETE', 'faults'),
  look: async (org) => ({ heard: await isHeard(org), installation: await installed(org) }),
})

async function installed(org: DynamicsOrganisation): Promise<unknown> {
  const text = JSON.stringify(await org.control('GET', 'installation'))
  return JSON.parse(
    text.replaceAll(/(hooks\/crm\/)[\w-]+/g, '$1…').replaceAll(/\(twice-\d+\)/g, '(…)'),
  )
}

function lateIn(org: DynamicsOrganisation): MakeLate {
  return async (skip) => {
    const writes = { method: 'POST|PATCH|PUT', path: '^/api/data', skip, times: 1 }
    await org.control('POST', 'faults', { ...writes, delayMs: LATE_MS })
    return async () => JSON.stringify(await org.control('GET', 'faults')).includes('"hits":1')
  }
}

/** A rep changes a contact. @returns whether the posted event is accepted. */
async function isHeard(org: DynamicsOrganisation): Promise<unknown> {
  const { rows } = await org.control<{ rows: { id: string }[] }>('GET', 'rows/contact')
  await org.control('PATCH', `rows/contact/${rows[0]?.id}`, { values: { donotbulkemail: true } })
  await org.control('POST', 'webhooks/drain')
  const { succeeded, failed } = await org.control<{ succeeded: number; failed: number }>(
    'GET',
    'webhooks',
  )
  return { succeeded, failed }
}
