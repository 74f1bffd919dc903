import type { CrmDriver } from '../../../../src/crm/crm.js'
import type { LegalBasis } from '../../../../src/domain/legal-basis.js'
import { ToyCrm } from '../../../third-crm/toy-crm.js'
import { toyDriver } from '../../../third-crm/toy-driver.js'
import { openOptions, type ContractStand } from '../contract-stand.js'

/** The third CRM, which is not part of the product. */
export async function toyStand(): Promise<ContractStand> {
  const crm = new ToyCrm()
  const driver = toyDriver(new Map([['one', crm]]))
  const { switches } = crm
  const open = (facts = {}, refused = false) =>
    driver.open({ installation: 'one', refused }, openOptions(facts))
  const faulty = async (fault: typeof switches.fault) => {
    switches.fault = fault
  }
  return {
    driver: driver as CrmDriver,
    furtherAddresses: true,
    postsWebhooks: true,
    signsWebhooks: true,
    open: (facts) => open(facts),
    openRefused: () => open({}, true),
    shape: async () => [...crm.sources],
    add: async (people) =>
      people.map(({ emails, value }) => {
        const rows = value === undefined ? {} : { marketingSendouts: value as LegalBasis }
        return crm.add(emails, rows).id
      }),
    userSets: async (id, value) => crm.set(id, 'marketingSendouts', value as LegalBasis),
    userTouches: async (id) => crm.saveAgain(id, 'marketingSendouts'),
    makeUnreadable: async (id) => crm.set(id, 'marketingSendouts', null),
    remove: async (id) => {
      crm.persons.get(id)!.deleted = true
    },
    truth: async (id) => crm.value(id) as LegalBasis,
    requests: async () => crm.asked,
    skewClock: async (ms) => {
      switches.clockSkewMs = ms
    },
    faults: {
      throttle: (seconds) => faulty({ status: 429, retryAfterSeconds: seconds }),
      failWith: (status) => faulty({ status, retryAfterSeconds: null }),
      hang: () => faulty('hangs'),
      loseWriteAnswer: async (landed) => {
        switches.loseAnswer = landed ? 'landed' : 'lost'
      },
      refuseWritesOf: async (id) => void switches.refused.add(id),
    },
    mend: async () => {
      switches.fault = null
      switches.loseAnswer = null
      switches.refused.clear()
    },
    drainWebhooks: () => crm.post.drained(),
    close: () => crm.post.drained(),
  }
}
