import type { CrmFacts, CrmClient } from '../../../../src/crm/crm.js'
import {
  superOfficeOnlineDriver,
  superOfficeOnsiteDriver,
} from '../../../../src/crm/superoffice/driver.js'
import {
  standInControl,
  type StandInControl,
} from '../../../../simulators/common/control-client.js'
import type { SuperofficeOptions } from '../../../../simulators/superoffice/options.js'
import { startSuperoffice } from '../../../../simulators/superoffice/start.js'

/** The stand-in, its control API, and sessions of the product's driver against it. */
export interface StandIn {
  readonly control: StandInControl
  readonly loginUrl: string
  /** Requests so far, by operation. */
  requests(): Promise<Readonly<Record<string, number>>>
  addPersons(...persons: readonly object[]): Promise<readonly string[]>
  /** A session that knows our own consent source. */
  open(facts?: CrmFacts): CrmClient
  close(): Promise<void>
}

/** Starts a stand-in on free ports of loopback, with eMarketeer's own consent source. */
export async function startStandIn(options: SuperofficeOptions = {}): Promise<StandIn> {
  const running = await startSuperoffice(options)
  const control = standInControl(running.controlUrl)
  await control.post('lists/ConsentSource', { key: 'EMARKETEER', name: 'eMarketeer' })
  const { online, onsite, apiUrl } = running.handedOut
  return {
    control,
    loginUrl: running.url,
    requests: async () => {
      const { operations } = await control.get<{ operations: Record<string, number> }>('requests')
      return operations
    },
    addPersons: async (...persons) => {
      const { personIds } = await control.post<{ personIds: number[] }>('persons', { persons })
      return personIds.map(String)
    },
    open(facts = {}) {
      const opened = { connectionId: 'nord-so', facts, allowLoopbackHttp: true }
      if (online !== undefined) {
        const { loginUrl: loginHost, contextIdentifier, clientSecret, systemUserToken } = online
        const { privateKeyPem: privateKey } = online
        const section = { loginHost, contextIdentifier, clientSecret, systemUserToken, privateKey }
        return superOfficeOnlineDriver.open(
          superOfficeOnlineDriver.configSchema.parse(section),
          opened,
        )
      }
      const section = {
        baseUrl: apiUrl,
        username: onsite?.user,
        password: onsite?.password,
        ...(onsite?.caPem ? { ca: onsite.caPem } : {}),
      }
      return superOfficeOnsiteDriver.open(
        superOfficeOnsiteDriver.configSchema.parse(section),
        opened,
      )
    },
    close: () => running.close(),
  }
}
