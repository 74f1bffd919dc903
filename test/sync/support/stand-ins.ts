import { DEFAULT_OPTIONS } from '../../../simulators/dynamics/options.js'
import { startDynamics } from '../../../simulators/dynamics/start-dynamics.js'
import { standInControl, type StandInControl } from '../../../simulators/common/control-client.js'
import { startEmarketeer } from '../../../simulators/emarketeer/start.js'

/** eMarketeer's account in these tests. */
export const ACCOUNT_ID = '1001'
/** Key of layer B in these tests. */
export const SERVICE_KEY = 'service-key'
/** The account's initial categories. */
export const CATEGORIES = [
  { id: 'c1', name: 'Newsletters' },
  { id: 'c2', name: 'Event invitations' },
]

/** Calls the Dynamics stand-in's control API. @throws Error for a refusal. */
export type DynamicsControl = <T = Record<string, unknown>>(
  method: string,
  path: string,
  body?: unknown,
) => Promise<T>

/** Both stand-ins, as real HTTP servers in this process. */
export interface StandIns {
  readonly emarketeerUrl: string
  readonly dynamicsUrl: string
  readonly emarketeer: StandInControl
  readonly dynamics: DynamicsControl
  /** The `dynamics` section of a connection file that points to the stand-in. */
  readonly dynamicsSection: Readonly<Record<string, string>>
  close(): Promise<void>
}

/** Starts both on free ports of loopback. */
export async function startStandIns(): Promise<StandIns> {
  const emarketeer = await startEmarketeer({
    serviceKey: SERVICE_KEY,
    rateLimit: null,
    accounts: [{ accountId: ACCOUNT_ID, categories: CATEGORIES }],
  })
  const dynamics = await startDynamics({ allowAnyWebhookPort: true, keyActivationReads: 0 })
  return {
    emarketeerUrl: emarketeer.url,
    dynamicsUrl: dynamics.url,
    emarketeer: standInControl(emarketeer.controlUrl),
    dynamics: dynamicsControl(dynamics.controlUrl),
    dynamicsSection: {
      environmentUrl: dynamics.url,
      tenantId: DEFAULT_OPTIONS.tenantId,
      clientId: DEFAULT_OPTIONS.apps[0]!.clientId,
      authorityHost: dynamics.url,
    },
    close: async () => {
      await emarketeer.close()
      await dynamics.close()
    },
  }
}

/** The secret of the stand-in's application. */
export const CLIENT_SECRET = DEFAULT_OPTIONS.apps[0]!.secret

function dynamicsControl(controlUrl: string): DynamicsControl {
  return async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await fetch(`${controlUrl}/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    if (!answer.ok) {
      throw new Error(`control ${method} ${path}: ${answer.status} ${await answer.text()}`)
    }
    return (await answer.json()) as T
  }
}
