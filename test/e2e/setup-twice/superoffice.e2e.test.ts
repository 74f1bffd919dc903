import type { CrmDriver } from '../../../src/crm/crm.js'
import { superOfficeOnlineDriver } from '../../../src/crm/superoffice/driver.js'
import {
  startInstallation,
  type SuperOfficeOrganisation,
} from '../setup-pauses/superoffice-organisation.js'
import { endsAsOne, LATE_MS } from './ends-as-one.js'
import type { MakeLate } from './two-attempts.js'

endsAsOne<SuperOfficeOrganisation>({
  name: 'SuperOffice',
  driver: superOfficeOnlineDriver as CrmDriver,
  start: () => startInstallation({}, { measured: true }),
  lateIn,
  clearFaults: (org) => org.control.clearFaults(),
  look,
})

async function look(org: SuperOfficeOrganisation): Promise<object> {
  const { consents } = await org.control.get<{ consents: object }>(`persons/${org.personId}`)
  const sources = await org.control.get<readonly { key: string }[]>('lists/ConsentSource')
  return {
    standing: await org.standing(),
    bases: Object.entries(consents).map(([purpose, row]) => [purpose, valueOf(row)]),
    sources: sources.map(({ key }) => key),
    heard: await isHeard(org),
  }
}

/** The values that were restored after measuring: the basis and the rep's other values. */
function valueOf(row: unknown): unknown {
  const { legalBase, comment } = row as { legalBase: unknown; comment: unknown }
  return [legalBase, comment]
}

function lateIn({ control }: SuperOfficeOrganisation): MakeLate {
  return async (skip) => {
    const writes = { path: '/(Person|List|Webhook)', method: 'PUT|POST|PATCH', skip, times: 1 }
    await control.post('faults', { ...writes, delayMs: LATE_MS })
    return async () => JSON.stringify(await control.get('faults')).includes('"hits":1')
  }
}

/** A colleague changes a consent. @returns whether the posted event is accepted, and how often it is posted. */
async function isHeard({ control, personId }: SuperOfficeOrganisation): Promise<unknown> {
  const before = await control.get<Record<string, unknown>>('webhooks')
  await control.post(`persons/${personId}/consent`, {
    purpose: 'EMARKETING',
    legalBase: 'WITHDRAWN',
    associateId: 12,
  })
  await control.post('webhooks/drain')
  const after = await control.get<Record<string, unknown>>('webhooks')
  const counts = Object.keys(after).filter((name) => typeof after[name] === 'number')
  return counts.map((name) => [name, Number(after[name]) - Number(before[name])])
}
