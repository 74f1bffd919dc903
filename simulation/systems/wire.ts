import { UpstreamError, type CallContext, type UpstreamFailure } from '../../src/http/index.js'
import type { CallFault, Faults } from '../faults.js'
import type { Scheduler } from '../scheduler.js'

/** Duration after which the caller gives up, and after which a call is dead (docs/ledger.md, "Restoring a backup"). */
const TIMEOUT_MS = 60_000
const DEAD_AFTER_MS = 110_000
const USUAL_MS = 40
/** Not as long as anybody waits. */
const SLOW_MS = 20_000

/** How a call ended for a caller that did not get the answer. */
export interface Unanswered {
  readonly fault: CallFault
  readonly error: UpstreamError
}

/** What a write is about. */
export interface WrittenTo {
  readonly addresses: readonly string[]
  readonly permits: boolean
}

/** The connection to one outside system, with all its faults. */
export class Wire {
  private readonly calls = new Map<string, number>()
  /** A moment in which acts cost most begins; it lasts that long, ms. */
  onMoment: (place: string, lastsMs: number) => void = () => undefined
  /** Nobody knows for that long, ms, what became of a write to these addresses. */
  onUnanswered: (place: string, lastsMs: number, addresses: readonly string[]) => void = () =>
    undefined

  constructor(
    readonly system: string,
    private readonly scheduler: Scheduler,
    private readonly faults: Faults,
    /** How far the system's clock is ahead. */
    private readonly skewMs: number,
  ) {}

  /** A read. @throws UpstreamError */
  async read<T>(context: CallContext | undefined, operation: string, work: () => T): Promise<T> {
    const fault = this.begin(context, operation, 'read')
    if (fault !== null && !IS_DONE.has(fault)) {
      await this.travel(operation)
      throw this.failure(fault, operation, false)
    }
    const answer = await this.scheduler.step(operation, this.latencyOf(fault), work)
    this.onMoment(this.place(operation), USUAL_MS)
    if (fault === 'lostAnswer') {
      await this.scheduler.step('no answer', TIMEOUT_MS, () => undefined)
      throw this.failure(fault, operation, false)
    }
    await this.travel('answer', fault)
    this.tellClock(context)
    return answer
  }

  /**
   * A write. It may be applied although nobody gets the answer, later than anybody waits, or in part.
   * @param about the addresses that it writes to, and whether it permits anything there.
   * @param work applies it now: all parts, or only the first `half` of them.
   */
  async write<T>(
    context: CallContext | undefined,
    operation: string,
    about: WrittenTo,
    work: (half: boolean) => T,
  ): Promise<{ readonly answer: T } | Unanswered> {
    const { addresses, permits } = about
    const fault = this.begin(context, operation, permits ? 'permit' : 'write')
    this.onMoment(`before ${this.place(operation)}`, USUAL_MS)
    switch (fault) {
      case null:
      case 'slow':
      case 'slowAnswer': {
        const answer = await this.scheduler.step(operation, this.latencyOf(fault), () =>
          work(false),
        )
        await this.travel('answer', fault)
        this.tellClock(context)
        return { answer }
      }
      case 'half': {
        const answer = await this.scheduler.step(operation, this.latencyOf(fault), () => work(true))
        await this.travel('answer')
        return { answer }
      }
      case 'doneUnanswered':
        await this.scheduler.step(operation, this.latencyOf(fault), () => work(false))
        break
      case 'late': {
        const { scheduler } = this
        const afterMs = scheduler.chance.between(
          0,
          DEAD_AFTER_MS,
          'late',
          scheduler.task!.name,
          scheduler.task!.steps,
        )
        scheduler.at(scheduler.nowMs + afterMs, () => {
          scheduler.note(`late ${operation}`)
          work(false)
        })
        break
      }
      case 'never':
      case 'lostAnswer':
        break
      default:
        await this.travel(operation)
        return { fault, error: this.failure(fault, operation, false) }
    }
    this.onUnanswered(this.place(operation), TIMEOUT_MS, addresses)
    await this.scheduler.step('no answer', TIMEOUT_MS, () => undefined)
    return { fault, error: this.failure(fault, operation, true) }
  }

  private begin(
    context: CallContext | undefined,
    operation: string,
    effect: 'read' | 'write' | 'permit',
  ): CallFault | null {
    context?.signal?.throwIfAborted()
    context?.tally?.add(this.system, operation)
    const key = this.keyOf(operation)
    this.calls.set(key, (this.calls.get(key) ?? 0) + 1)
    return this.faults.ofCall(this.place(operation), effect)
  }

  private keyOf(operation: string): string {
    return `${this.scheduler.task!.name} ${this.system} ${operation}`
  }

  /** The name of a task's last call of that operation. */
  private place(operation: string): string {
    const key = this.keyOf(operation)
    return `${key} ${this.calls.get(key)}`
  }

  private latencyOf(fault: CallFault | null): number {
    return this.scheduler.latency(USUAL_MS) + (fault === 'slow' ? SLOW_MS : 0)
  }

  private travel(what: string, fault: CallFault | null = null): Promise<void> {
    const longerMs = fault === 'slowAnswer' ? SLOW_MS : 0
    return this.scheduler.step(what, this.scheduler.latency(USUAL_MS) + longerMs, () => undefined)
  }

  private tellClock(context: CallContext | undefined): void {
    context?.onClock?.({
      system: this.system,
      offsetMs: this.skewMs,
      roundTripMs: 2 * USUAL_MS,
      resolutionMs: 1000,
    })
  }

  private failure(fault: CallFault, operation: string, mayHaveBeenApplied: boolean): UpstreamError {
    const failure: UpstreamFailure = {
      system: this.system,
      upstreamCode: null,
      requestId: null,
      operation,
      message: fault,
      retryable: true,
      mayHaveBeenApplied,
      retryAfterSeconds: null,
      ...CODES[fault],
    }
    return new UpstreamError(failure)
  }
}

type Code = Pick<UpstreamFailure, 'code' | 'status'> & Partial<UpstreamFailure>

const LOST: Code = { code: 'upstream_timeout', status: null }

const CODES: Readonly<Record<CallFault, Code>> = {
  unreachable: { code: 'upstream_unreachable', status: null },
  unavailable: { code: 'upstream_unavailable', status: 503 },
  // The client limits the server's Retry-After to a quarter of an hour.
  throttled: {
    code: 'upstream_rate_limited',
    status: 429,
    retryAfterSeconds: 900,
    askedToWait: '31536000',
  },
  lostAnswer: LOST,
  doneUnanswered: LOST,
  late: LOST,
  never: LOST,
  half: { code: 'upstream_unavailable', status: 503 },
  slow: LOST,
  slowAnswer: LOST,
}

/** Faults of a read that the system answers nevertheless. */
const IS_DONE: ReadonlySet<CallFault> = new Set(['lostAnswer', 'slow', 'slowAnswer'])
