import { z } from 'zod'
import type { CrmDriver } from '../../src/crm/crm.js'
import type { ToyCrm } from './toy-crm.js'
import { ToySession } from './toy-session.js'

const configSchema = z.object({ installation: z.string() })
type ToyConfig = z.infer<typeof configSchema>

/** Most addresses that one request reads. */
const ADDRESSES_PER_REQUEST = 40

/**
 * A third CRM, as a further folder and a line in the registry would bring it: give it to `Systems` under a name of its
 * own. It has the values of a rich CRM, no conditional write, and no complete delta.
 * @param installations by the `installation` of a connection's section.
 */
export function toyDriver(installations: ReadonlyMap<string, ToyCrm>): CrmDriver<ToyConfig> {
  return {
    crm: 'toy',
    capabilities: {
      values: 'rich',
      purposes: ['storeAndProcess', 'marketingSendouts'],
      subscriptions: false,
      conditionalWrite: false,
      completeDelta: false,
      fieldHistory: false,
      directReadContactsPerRequest: ADDRESSES_PER_REQUEST,
    },
    configSchema,
    configSection: 'toy',
    secretPaths: [],
    urlPaths: [],
    emarketeerSource: 'crmSuperOffice',
    setupWorkflow: 'toySetup',
    setupSteps: [
      {
        id: 'measureInsert',
        title: 'Measure what version an insert makes',
        weight: 1,
        verify: async ({ firstVersion }) =>
          firstVersion === null
            ? { state: 'due', changes: [{ what: 'Learn what version an insert makes' }] }
            : { state: 'done' },
        do: async () => ({ firstVersion: 1 }),
        undo: async () => ({ firstVersion: null }),
      },
    ],
    open: ({ installation }, { facts }) => {
      const crm = installations.get(installation)
      if (!crm) {
        throw new Error(`there is no toy CRM ${installation}`)
      }
      const measured = facts['firstVersion']
      return new ToySession(crm, typeof measured === 'number' ? measured : null)
    },
    receiveWebhook: () => ({ accepted: false, code: 'webhook_unauthorized' }),
  }
}
