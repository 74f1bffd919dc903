import type { RateLimit } from './http/rate-limit.js'
import type { AccountOptions } from './model/account.js'

/** Options at the start; the control API can change all of them later. */
export interface EmarketeerOptions {
  /** 0 = any free port. */
  readonly port?: number | undefined
  /** Key of layer B for all accounts; default `service-key`. */
  readonly serviceKey?: string | undefined
  readonly accounts?: readonly AccountOptions[] | undefined
  /** CRMs that a write may name as its source; default `crmDynamics` and `crmSuperOffice`. */
  readonly sources?: readonly string[] | undefined
  /** Both layers; null = none; default the contract's limits. */
  readonly rateLimit?: RateLimit | null | undefined
  /** Factor on the webhook retry schedule; 0.001 makes 5 s to 5 ms. Default 1. */
  readonly webhookTimeScale?: number | undefined
  /** Seeds faults and jitter; default 1. */
  readonly seed?: number | undefined
}
