import { createClock, type SimClock } from '../common/clock.js'
import { FaultBoard } from '../common/faults.js'
import { RequestCounts } from './control/request-counts.js'
import { IdempotencyStore } from './http/idempotency.js'
import { RateLimiter } from './http/rate-limit.js'
import { Account, type AccountOptions } from './model/account.js'
import type { EmarketeerOptions } from './options.js'
import { WebhookSender } from './webhooks/sender.js'

/** All state of one stand-in. */
export class World {
  readonly clock: SimClock = createClock()
  readonly accounts = new Map<string, Account>()
  readonly faults: FaultBoard
  readonly counts = new RequestCounts()
  readonly idempotency = new IdempotencyStore(() => this.clock.now())
  readonly syncLimiter: RateLimiter
  readonly publicLimiter: RateLimiter
  readonly sender: WebhookSender
  readonly serviceKey: string
  /** CRMs that a write may name as its source. */
  readonly sources: readonly string[]
  /** Fault switch: a bulk write holds its key this long before it is applied. */
  slowWritesMs = 0
  #requests = 0

  constructor(options: EmarketeerOptions) {
    this.serviceKey = options.serviceKey ?? 'service-key'
    this.sources = options.sources ?? ['crmDynamics', 'crmSuperOffice']
    this.faults = new FaultBoard(options.seed ?? 1)
    this.syncLimiter = new RateLimiter(
      options.rateLimit === undefined ? { perSecond: 50, burst: 100 } : options.rateLimit,
    )
    this.publicLimiter = new RateLimiter(
      options.rateLimit === undefined ? { perSecond: 20, burst: 40 } : options.rateLimit,
    )
    this.sender = new WebhookSender(this.clock, {
      timeScale: options.webhookTimeScale ?? 1,
      seed: options.seed ?? 1,
    })
    for (const account of options.accounts ?? []) {
      this.addAccount(account)
    }
  }

  addAccount(options: AccountOptions): Account {
    if (this.accounts.has(options.accountId)) {
      throw new Error(`account ${options.accountId} exists`)
    }
    const account = new Account(options, () => this.clock.now())
    account.feed.onAppend((change) => this.sender.offer(account, change))
    this.accounts.set(account.accountId, account)
    return account
  }

  nextRequestId(): string {
    this.#requests += 1
    return `req_${String(this.#requests).padStart(6, '0')}`
  }
}
