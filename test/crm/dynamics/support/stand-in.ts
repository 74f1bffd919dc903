import { dynamicsDriver } from '../../../../src/crm/dynamics/driver.js'
import type { CrmFacts, CrmClient } from '../../../../src/crm/crm.js'
import { DEFAULT_OPTIONS } from '../../../../simulators/dynamics/options.js'
import {
  type RunningDynamics,
  startDynamics,
} from '../../../../simulators/dynamics/start-dynamics.js'

type Options = NonNullable<Parameters<typeof startDynamics>[0]>

/** The stand-in, with its control API. */
export interface StandIn {
  readonly url: string
  /** Calls the control API. @throws Error for a refusal. */
  control<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T>
  /** Opens a session of the product's driver against it. */
  open(facts?: CrmFacts, secret?: string): CrmClient
  close(): Promise<void>
}

/** Starts a stand-in on a free port of loopback. */
export async function startStandIn(options: Options = {}): Promise<StandIn> {
  const running: RunningDynamics = await startDynamics(options)
  return {
    url: running.url,
    close: () => running.close(),
    async control<T>(method: string, path: string, body?: unknown): Promise<T> {
      const answer = await fetch(`${running.controlUrl}/${path}`, {
        method,
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      })
      if (!answer.ok) {
        throw new Error(`control ${method} ${path}: ${answer.status} ${await answer.text()}`)
      }
      return (await answer.json()) as T
    },
    open: (facts = {}, secret = DEFAULT_OPTIONS.apps[0]?.secret ?? '') =>
      openCrm(running.url, facts, secret),
  }
}

/** Opens a session of the driver against a service on loopback that plays both Entra and Dataverse. */
export function openCrm(url: string, facts: CrmFacts = {}, clientSecret = 'secret'): CrmClient {
  const config = dynamicsDriver.configSchema.parse({
    environmentUrl: url,
    tenantId: DEFAULT_OPTIONS.tenantId,
    clientId: DEFAULT_OPTIONS.apps[0]?.clientId,
    clientSecret,
    authorityHost: url,
  })
  return dynamicsDriver.open(config, { connectionId: 'acme', facts, allowLoopbackHttp: true })
}
