import { afterAll, afterEach, beforeAll, describe } from '@jest/globals'
import type { CrmFacts, CrmClient } from '../../../src/crm/crm.js'
import type { ContractStand, SetUpStand } from './contract-stand.js'
import { setUp } from './run-steps.js'
import { changes } from './suite/changes.js'
import { failures } from './suite/failures.js'
import { reading } from './suite/reading.js'
import { settingUp } from './suite/setting-up.js'
import { subscriptions } from './suite/subscriptions.js'
import { webhooks } from './suite/webhooks.js'
import { writing } from './suite/writing.js'

/**
 * Tests what the sync requires of every CRM, by its capabilities and never by its name. Another CRM is tested by
 * passing its stand.
 */
export function holdsContract(start: () => Promise<ContractStand>): void {
  describe('the contract of a CRM', () => {
    let set: (SetUpStand & { crm: CrmClient }) | undefined
    beforeAll(async () => {
      const stand = await start()
      const facts: CrmFacts = await setUp(stand)
      set = { stand, facts, crm: stand.open(facts) }
    }, 480_000)
    afterEach(async () => {
      await set!.stand.mend()
      await set!.stand.skewClock?.(0)
    })
    afterAll(() => set?.stand.close())
    const given = () => set!
    reading(given)
    changes(given)
    writing(given)
    subscriptions(given)
    failures(given)
    webhooks(given)
  })
  describe('the contract of a CRM', () => settingUp(start))
}
