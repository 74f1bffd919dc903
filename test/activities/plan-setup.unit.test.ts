import { describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { createSetupActivities } from '../../src/activities/setup-activities.js'
import type { SecretsVault } from '../../src/config/secrets/secrets-vault.js'
import type { ConnectionState } from '../../src/domain/connection-state.js'
import type { CrmDriver } from '../../src/crm/crm.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import type { Systems } from '../../src/connection/systems.js'

/** Plans the set-up of a connection to a CRM, for a workflow of a given type. */
function plan(
  crm: string,
  workflowType: string,
  state: ConnectionState = 'settingUp',
): Promise<unknown> {
  const driver: CrmDriver = CRM_DRIVERS.get(crm)!
  const systems = {
    connection: async () => ({ connectionId: 'acme', crm, state, pauseMode: null }),
    driverOf: () => driver,
  } as unknown as Systems
  const { planSetup } = createSetupActivities({
    systems,
    vault: {} as SecretsVault,
    publicUrl: '',
  })
  const environment = new MockActivityEnvironment({ workflowType })
  return environment.run(planSetup, { connectionId: 'acme' })
}

describe('set-up', () => {
  it.each([
    ['superoffice-online', 'dynamicsSetup'],
    ['superoffice-onsite', 'dynamicsSetup'],
    ['dynamics', 'superOfficeSetup'],
  ])('of a connection to %s is refused to %s', async (crm, workflowType) => {
    await expect(plan(crm, workflowType)).rejects.toMatchObject({
      type: 'setup_of_another_crm',
      nonRetryable: true,
    })
  })

  it('of a disabled connection is refused: nobody would end it', async () => {
    await expect(plan('dynamics', 'dynamicsSetup', 'disabled')).rejects.toMatchObject({
      type: 'connection_disabled',
      nonRetryable: true,
    })
  })

  it.each([
    ['superoffice-online', 'superOfficeSetup'],
    ['superoffice-onsite', 'superOfficeSetup'],
    ['dynamics', 'dynamicsSetup'],
    ['dynamics', 'connectionSetup'],
    ['superoffice-online', 'connectionSetup'],
    ['superoffice-onsite', 'connectionSetup'],
  ])('of a connection to %s is planned for %s', async (crm, workflowType) => {
    expect(await plan(crm, workflowType)).toMatchObject({ crm })
  })
})
