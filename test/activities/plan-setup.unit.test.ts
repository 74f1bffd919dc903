import { describe, expect, it } from '@jest/globals'
import { MockActivityEnvironment } from '@temporalio/testing'
import { createSetupActivities } from '../../src/activities/setup-activities.js'
import type { SecretsVault } from '../../src/config/secrets/secrets-vault.js'
import type { ConnectionState } from '../../src/domain/connection-state.js'
import { CRM_DRIVERS } from '../../src/crm/registry.js'
import { Systems, type SystemsOptions } from '../../src/connection/systems.js'
import type { ConnectionRow } from '../../src/ledger/connection/connections.js'

/** Plans the set-up of a connection to a CRM, for a workflow of a given type. */
function plan(
  crm: string,
  workflowType: string,
  state: ConnectionState = 'settingUp',
): Promise<unknown> {
  const systems = new Systems({ drivers: CRM_DRIVERS } as unknown as SystemsOptions)
  systems.connection = async () =>
    ({ connectionId: 'acme', crm, state, pauseMode: null }) as ConnectionRow
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

  it('of a connection to a CRM of another release is refused to any workflow', async () => {
    await expect(plan('siebel', 'connectionSetup')).rejects.toMatchObject({
      type: 'crm_not_supported',
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
