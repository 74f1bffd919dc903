import { z } from 'zod'
import type { CrmDriver } from '../../src/crm/crm.js'
import { POSITIVE_BASES } from '../../src/domain/legal-basis.js'
import type { ToyCrm } from './toy-crm.js'
import { ToySession } from './toy-session.js'
import { TOY_ACTIONS, TOY_PAUSES, TOY_STEPS } from './toy-steps.js'
import { judgeToyHeaders, receiveToyWebhook } from './toy-webhooks.js'

const configSchema = z.object({
  installation: z.string(),
  /** The CRM refuses us. */
  refused: z.boolean().optional(),
  /** What the installation's own bases stand for. */
  bases: z.record(z.string(), z.enum(POSITIVE_BASES)).optional(),
})
type ToyConfig = z.infer<typeof configSchema>

/** The most addresses that one request reads. */
const ADDRESSES_PER_REQUEST = 40

/**
 * A third CRM, in the form of another folder and a line in the registry: pass it to `Systems` under a name of its own.
 * It has the values of a rich CRM, no conditional write, and no complete delta.
 * @param installations by the `installation` of a connection's section.
 */
export function toyDriver(installations: ReadonlyMap<string, ToyCrm>): CrmDriver<ToyConfig> {
  return {
    crm: 'toy',
    capabilities: {
      values: 'rich',
      refusesStaleWrites: false,
      purposes: ['storeAndProcess', 'marketingSendouts'],
      subscriptions: false,
      completeDelta: false,
      fieldHistory: false,
      directReadContactsPerRequest: ADDRESSES_PER_REQUEST,
    },
    configSchema,
    configSection: 'toy',
    secretPaths: [],
    knownHosts: {},
    environmentPaths: ['installation'],
    emarketeerSource: 'crmToy',
    setupWorkflow: 'connectionSetup',
    setupSteps: TOY_STEPS,
    setupPauses: TOY_PAUSES,
    setupActions: TOY_ACTIONS,
    tenantBases: {
      key: 'bases',
      mappingIn: (section) => new Map(Object.entries(configSchema.parse(section).bases ?? {})),
    },
    open: ({ installation, refused = false }, { facts, secrets }) => {
      const crm = installations.get(installation)
      if (!crm) {
        throw new Error(`there is no toy CRM ${installation}`)
      }
      const measured = facts['firstVersion']
      const firstVersion = typeof measured === 'number' ? measured : null
      return new ToySession(crm, firstVersion, { facts, secrets, refused })
    },
    judgeWebhookHeaders: judgeToyHeaders,
    receiveWebhook: receiveToyWebhook,
  }
}
