import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom, type Random } from '../../common/random.js'
import { type EventFacts, postEvent, prepareEvent, type PreparedEvent } from './post-event.js'
import type { Webhook, WebhookBook } from './webhook-book.js'

/** Faults of deliveries; set by the control API. */
export interface WebhookFaults {
  /** Number of next deliveries that are lost. */
  loseNext: number
  /** Share of all deliveries that are lost, 0..1. */
  loseShare: number
  delayMs: number
  /** Posts per delivery. */
  copies: number
  paused: boolean
}

/** Waits before the second and third attempt (wire page, section 8). */
const RETRY_AFTER_MS = [1_000, 4_000]
/**
 * Consecutive failed attempts, of any events, after which a webhook is switched off: three events with three attempts
 * each.
 */
const MOST_ERRORS = 9
/** A receiver with this answer is switched off immediately. */
const GONE = 410
const ANSWER_WITHIN_MS = 10_000

interface Job {
  readonly webhook: Webhook
  readonly prepared: PreparedEvent
  /** Counted from 0. */
  readonly attempt: number
}

/**
 * Posts events to webhooks, a few at a time and in no promised order. A failed event waits, moves to the end of the
 * queue, and is abandoned after three attempts.
 */
export class WebhookSender {
  readonly faults: WebhookFaults = {
    loseNext: 0,
    loseShare: 0,
    delayMs: 0,
    copies: 1,
    paused: false,
  }
  readonly #tallies = { delivered: 0, attempts: 0, discarded: 0, lost: 0 }
  readonly #queue: Job[] = []
  readonly #random: Random
  readonly #stopped = new AbortController()
  #running = 0
  #held = 0
  #waiting: (() => void)[] = []

  constructor(
    private readonly book: WebhookBook,
    private readonly settings: {
      readonly contextIdentifier: string
      readonly timeScale: number
      readonly seed: number
      readonly nowMs: () => number
    },
  ) {
    this.#random = seededRandom(settings.seed)
  }

  /** Queues a person event for every active webhook that wants it. */
  enqueue(event: string, personId: number, associateId: number, changes: readonly string[]): void {
    const facts = { event, primaryKey: personId, entity: 'person', changes, associateId }
    for (const webhook of this.book.list()) {
      if (webhook.state === 'Active' && webhook.events.includes(event)) {
        this.#add({ webhook, prepared: this.#prepare(webhook, facts), attempt: 0 })
      }
    }
    this.pump()
  }

  /** Posts the test event of a save; returns whether the target answered 200. */
  async test(webhook: Webhook): Promise<boolean> {
    const facts = { event: 'test', primaryKey: 0, entity: '', changes: [], associateId: 0 }
    const extra = { 'X-Hook-Test': 'true' }
    const status = await postEvent(webhook, this.#prepare(webhook, facts), extra, this.#signal())
    return status === 200
  }

  tally() {
    return { ...this.#tallies, pending: this.#pending() }
  }

  /** Resolves when nothing is pending. */
  async drained(): Promise<void> {
    if (this.#pending() > 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Resumes deliveries after a pause. */
  pump(): void {
    while (!this.faults.paused && this.#running < 4 && !this.#stopped.signal.aborted) {
      const job = this.#queue.shift()
      if (job === undefined) {
        break
      }
      this.#running += 1
      void this.#deliver(job).finally(() => {
        this.#running -= 1
        this.pump()
      })
    }
    if (this.#pending() === 0) {
      this.#waiting.splice(0).forEach((resolve) => resolve())
    }
  }

  /** Drops waiting events and aborts running ones. */
  stop(): void {
    this.#stopped.abort()
    this.#queue.length = 0
  }

  #prepare(webhook: Webhook, facts: EventFacts): PreparedEvent {
    return prepareEvent(webhook, facts, this.settings.contextIdentifier, this.settings.nowMs())
  }

  #add(job: Job): void {
    if (this.faults.loseNext > 0 || this.#random() < this.faults.loseShare) {
      this.faults.loseNext = Math.max(this.faults.loseNext - 1, 0)
      this.#tallies.lost += 1
      return
    }
    for (let copy = 0; copy < this.faults.copies; copy++) {
      this.#queue.push(job)
    }
  }

  #pending(): number {
    return this.#queue.length + this.#running + this.#held
  }

  async #deliver(job: Job): Promise<void> {
    const { webhook, prepared, attempt } = job
    try {
      await this.#pause(this.faults.delayMs)
      if (webhook.state !== 'Active') {
        return
      }
      const extra: Record<string, string> =
        attempt === 0 ? {} : { 'X-SuperOffice-Retry': String(attempt) }
      this.#tallies.attempts += 1
      const status = await postEvent(webhook, prepared, extra, this.#signal())
      if (status === 200) {
        webhook.consecutiveErrors = 0
        this.#tallies.delivered += 1
        return
      }
      this.#failed(webhook, status)
      const waitMs = RETRY_AFTER_MS[attempt]
      if (waitMs === undefined || webhook.state !== 'Active') {
        this.#tallies.discarded += 1
      } else {
        this.#held += 1
        void this.#again(job, waitMs * this.settings.timeScale)
      }
    } catch {
      // Only stopping ends here, because the outcome of a delivery is a value.
    }
  }

  async #again(job: Job, waitMs: number): Promise<void> {
    await this.#pause(waitMs).catch(() => undefined)
    this.#held -= 1
    if (!this.#stopped.signal.aborted) {
      this.#queue.push({ ...job, attempt: job.attempt + 1 })
      this.pump()
    }
  }

  #failed(webhook: Webhook, status: number): void {
    webhook.lastError = status === 0 ? 'No answer' : `The target answered ${status}`
    webhook.consecutiveErrors += 1
    if (status === GONE || webhook.consecutiveErrors >= MOST_ERRORS) {
      webhook.state = 'TooManyErrors'
    }
  }

  async #pause(ms: number): Promise<void> {
    if (ms > 0) {
      await sleep(ms, undefined, { signal: this.#stopped.signal })
    }
  }

  #signal(): AbortSignal {
    return AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)])
  }
}
