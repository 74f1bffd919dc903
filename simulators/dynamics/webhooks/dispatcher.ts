import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom, type Random } from '../../common/random.js'
import type { Organisation } from '../organisation.js'
import { seedRow } from '../store/seed-row.js'
import type { RowEvent } from '../store/store.js'
import { activeSteps, fires, type ActiveStep } from './match-steps.js'
import { executionContext, payloadText, withoutParameters } from './payload.js'
import { postWebhook, type PostOutcome } from './post.js'

const MAX_PAYLOAD_BYTES = 256 * 1024

/** Faults of deliveries; set by the control API. */
export interface WebhookFaults {
  /** Number of next deliveries that are lost, without a job. */
  loseNext: number
  /** Share of all deliveries that are lost, 0..1. */
  loseShare: number
  delayMs: number
  /** Posts per delivery. */
  copies: number
  paused: boolean
}

export interface WebhookTally {
  readonly pending: number
  readonly succeeded: number
  readonly failed: number
  readonly lost: number
}

interface Job {
  readonly active: ActiveStep
  readonly event: RowEvent
}

/** Posts events to registered steps: asynchronously, a few at a time, in no promised order (section 11.2). */
export class WebhookDispatcher {
  readonly faults: WebhookFaults = {
    loseNext: 0,
    loseShare: 0,
    delayMs: 0,
    copies: 1,
    paused: false,
  }
  readonly #queue: Job[] = []
  readonly #random: Random
  readonly #stopped = new AbortController()
  #running = 0
  #succeeded = 0
  #failed = 0
  #lost = 0
  #waiting: (() => void)[] = []

  constructor(private readonly org: Organisation) {
    this.#random = seededRandom(org.options.seed)
  }

  /** Queues a delivery for each step that an event fires. */
  enqueue(events: readonly RowEvent[]): void {
    const steps = events.length === 0 ? [] : activeSteps(this.org)
    for (const event of steps.length === 0 ? [] : events) {
      for (const active of steps) {
        if (fires(active, event)) {
          this.#add({ active, event })
        }
      }
    }
    this.pump()
  }

  tally(): WebhookTally {
    const pending = this.#queue.length + this.#running
    return { pending, succeeded: this.#succeeded, failed: this.#failed, lost: this.#lost }
  }

  /** Resolves when nothing is pending. */
  async drained(): Promise<void> {
    if (this.#queue.length + this.#running > 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
  }

  /** Resumes deliveries after a pause. */
  pump(): void {
    while (
      !this.faults.paused &&
      this.#running < this.org.options.webhookConcurrency &&
      !this.#stopped.signal.aborted
    ) {
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
    if (this.#queue.length + this.#running === 0) {
      this.#waiting.splice(0).forEach((resolve) => resolve())
    }
  }

  /** Drops waiting deliveries and aborts running ones. */
  stop(): void {
    this.#stopped.abort()
    this.#queue.length = 0
  }

  #add(job: Job): void {
    if (this.faults.loseNext > 0 || this.#random() < this.faults.loseShare) {
      this.faults.loseNext = Math.max(this.faults.loseNext - 1, 0)
      this.#lost += 1
      return
    }
    for (let copy = 0; copy < this.faults.copies; copy++) {
      this.#queue.push(job)
    }
  }

  async #deliver({ active, event }: Job): Promise<void> {
    const { signal } = this.#stopped
    try {
      if (this.faults.delayMs > 0) {
        await sleep(this.faults.delayMs, undefined, { signal })
      }
      const body = executionContext(this.org, active.step, active.images, event)
      const full = payloadText(body)
      const oversize = Buffer.byteLength(full) > MAX_PAYLOAD_BYTES
      const text = oversize ? payloadText(withoutParameters(body)) : full
      const outcome = await postWebhook(this.org, active, event, text, oversize, signal)
      this.#record(active, event, outcome)
    } catch {
      // Only stopping ends here, because the outcome of a delivery is a value.
    }
  }

  #record(active: ActiveStep, event: RowEvent, outcome: PostOutcome): void {
    if (outcome.ok) {
      this.#succeeded += 1
    } else {
      this.#failed += 1
    }
    if (outcome.ok && active.step.values['asyncautodelete'] === true) {
      return
    }
    seedRow(this.org, 'asyncoperation', crypto.randomUUID(), {
      name: active.step.values['name'] ?? null,
      operationtype: 1,
      statecode: 3,
      statuscode: outcome.ok ? 30 : 31,
      completedon: this.org.clock.now(),
      owningextensionid: active.step.id,
      regardingobjectid: event.row.id,
      ...(outcome.ok
        ? {}
        : {
            errorcode: -2_147_220_891,
            friendlymessage: outcome.message,
            message: outcome.message,
          }),
    })
  }
}
