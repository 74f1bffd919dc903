import http from 'node:http'
import https from 'node:https'
import type { SimClock } from '../../common/clock.js'
import { seededRandom } from '../../common/random.js'
import type { Account } from '../model/account.js'
import type { LoggedChange } from '../model/feed.js'
import { renderChange } from '../model/render.js'
import { iso } from '../model/values.js'
import { post } from './post.js'
import { signatureHeader } from './sign.js'

/** Waits between attempts in seconds. After the last one the delivery is abandoned. */
const RETRY_SECONDS = [5, 300, 1_800, 7_200, 18_000, 36_000]

/** Faults of deliveries; each field is the share of deliveries that it hits, 0 to 1. */
export interface WebhookFaults {
  readonly lose?: number | undefined
  readonly duplicate?: number | undefined
  readonly delay?: number | undefined
  /** Delay of a delayed delivery, so that later ones overtake it. */
  readonly delayMs?: number | undefined
}

interface Delivery {
  readonly account: Account
  readonly url: string
  readonly webhookId: string
  readonly body: string
  attempt: number
}

/** Posts changes to the accounts' webhooks: at least once, unordered, with retries. */
export class WebhookSender {
  faults: WebhookFaults = {}
  readonly stats = { offered: 0, lost: 0, attempts: 0, delivered: 0, failed: 0, givenUp: 0 }
  readonly #random: () => number
  readonly #timers = new Set<NodeJS.Timeout>()
  readonly #agents = {
    http: new http.Agent({ keepAlive: true, maxSockets: 32 }),
    https: new https.Agent({ keepAlive: true, maxSockets: 32 }),
  }
  #closed = false

  constructor(
    private readonly clock: SimClock,
    private readonly options: { readonly timeScale: number; readonly seed: number },
  ) {
    this.#random = seededRandom(options.seed)
  }

  /** Sends a change if the account's webhook wants it, unless it is part of a large bulk action. */
  offer(account: Account, change: LoggedChange): void {
    const { webhook } = account
    if (
      change.silent ||
      webhook === null ||
      webhook.status !== 'active' ||
      !webhook.events.includes(change.type)
    ) {
      return
    }
    this.stats.offered += 1
    if (this.#hits(this.faults.lose)) {
      this.stats.lost += 1
      return
    }
    const body = JSON.stringify({
      type: change.type,
      timestamp: iso(change.eventTimeMs),
      data: renderChange(account, change),
    })
    const delivery = { account, url: webhook.url, webhookId: change.id, body, attempt: 0 }
    const delayMs = this.#hits(this.faults.delay) ? (this.faults.delayMs ?? 1_000) : 0
    this.#later(delivery, delayMs)
    if (this.#hits(this.faults.duplicate)) {
      this.#later({ ...delivery }, delayMs)
    }
  }

  close(): void {
    this.#closed = true
    for (const timer of this.#timers) {
      clearTimeout(timer)
    }
    this.#agents.http.destroy()
    this.#agents.https.destroy()
  }

  pending(): number {
    return this.#timers.size
  }

  #hits(share: number | undefined): boolean {
    return share !== undefined && this.#random() < share
  }

  #later(delivery: Delivery, delayMs: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      void this.#attempt(delivery)
    }, delayMs)
    timer.unref()
    this.#timers.add(timer)
  }

  async #attempt(delivery: Delivery): Promise<void> {
    const { webhook } = delivery.account
    if (webhook === null || webhook.status !== 'active') {
      return
    }
    this.stats.attempts += 1
    const nowMs = this.clock.now()
    const seconds = Math.floor(nowMs / 1_000)
    webhook.secrets = webhook.secrets.filter(({ untilMs }) => untilMs === null || untilMs > nowMs)
    const secrets = webhook.secrets.map(({ secret }) => secret)
    const headers = {
      'content-type': 'application/json',
      'webhook-id': delivery.webhookId,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signatureHeader(secrets, delivery.webhookId, seconds, delivery.body),
    }
    const result = await post(delivery.url, headers, delivery.body, this.#agents)
    if (this.#closed) {
      return
    }
    if (result.status >= 200 && result.status < 300) {
      this.stats.delivered += 1
      return
    }
    this.stats.failed += 1
    if (result.status === 410) {
      webhook.status = 'disabled'
      return
    }
    this.#retry(delivery, result.retryAfterSeconds, result.status)
  }

  #retry(delivery: Delivery, retryAfterSeconds: number | null, status: number): void {
    const planned = RETRY_SECONDS[delivery.attempt]
    if (planned === undefined) {
      this.stats.givenUp += 1
      return
    }
    const jittered = planned * (0.8 + 0.4 * this.#random())
    const obeyed = status === 429 || status === 503 ? (retryAfterSeconds ?? jittered) : jittered
    delivery.attempt += 1
    this.#later(delivery, obeyed * 1_000 * this.options.timeScale)
  }
}
