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

/** The connection to one outside system, with all its faults. */
export class Wire {
  private readonly calls = new Map<string, number>()

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
   * @param work applies it now: all parts, or only the first `half` of them.
   */
  async write<T>(
    context: CallContext | undefined,
    operation: string,
    work: (half: boolean) => T,
  ): Promise<{ readonly answer: T } | Unanswered> {
    const fault = this.begin(context, operation, 'write')
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
    await this.scheduler.step('no answer', TIMEOUT_MS, () => undefined)
    return { fault, error: this.failure(fault, operation, true) }
  }

  private begin(
    context: CallContext | undefined,
    operation: string,
    effect: 'read' | 'write',
  ): CallFault | null {
    context?.signal?.throwIfAborted()
    context?.tally?.add(this.system, operation)
    const { task } = this.scheduler
    const place = `${task!.name} ${this.system} ${operation}`
    const count = (this.calls.get(place) ?? 0) + 1
    this.calls.set(place, count)
    return this.faults.ofCall(`${place} ${count}`, effect)
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
