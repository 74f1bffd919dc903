import { standInControl, type StandInControl } from '../../simulators/common/control-client.js'
import type { EmarketeerOptions } from '../../simulators/emarketeer/options.js'
import { type RunningEmarketeer, startEmarketeer } from '../../simulators/emarketeer/start.js'
import { createEmarketeerClient, type EmarketeerClient } from '../../src/emarketeer/index.js'
import { UpstreamError } from '../../src/http/index.js'

/** A stand-in with account 1001 (categories c1, c2) and 2002, and a client of 1001. */
export interface StandIn {
  readonly em: RunningEmarketeer
  readonly client: EmarketeerClient
  readonly control: StandInControl
  /** POSTs a switch of account 1001. */
  at<T = unknown>(path: string, body?: unknown): Promise<T>
  close(): Promise<void>
}

/** A CRM user, as the actor of writes. */
export const PERSON = { type: 'crmUser', id: 'crm-1', name: 'Kari' } as const

/** Starts both; webhook retries are 500 times faster. */
export async function startStandIn(options: EmarketeerOptions = {}): Promise<StandIn> {
  const em = await startEmarketeer({
    rateLimit: null,
    webhookTimeScale: 0.002,
    accounts: [
      { accountId: '1001', categories: [{ name: 'Newsletters' }, { name: 'Events' }] },
      { accountId: '2002' },
    ],
    ...options,
  })
  const control = standInControl(em.controlUrl)
  const client = clientOf(em)
  return {
    em,
    client,
    control,
    at: (path, body) => control.post(`accounts/1001/${path}`, body),
    close: async () => {
      client.close()
      await em.close()
    },
  }
}

/** Another client, with short time-outs or another key. */
export function clientOf(
  em: RunningEmarketeer,
  config: { apiKey?: string; accountId?: string; requestMs?: number } = {},
): EmarketeerClient {
  return createEmarketeerClient({
    syncUrl: em.url,
    apiKey: config.apiKey ?? 'service-key',
    accountId: config.accountId ?? '1001',
    timeouts: config.requestMs === undefined ? {} : { requestMs: config.requestMs },
    repeat: { baseDelayMs: 2, maxDelayMs: 5_000 },
  })
}

/** The UpstreamError of a failed call; anything else fails the test. */
export async function upstreamError(call: Promise<unknown>): Promise<UpstreamError> {
  const outcome = await call.then(
    () => new Error('the call succeeded'),
    (error: unknown) => error,
  )
  if (outcome instanceof UpstreamError) {
    return outcome
  }
  throw outcome
}
