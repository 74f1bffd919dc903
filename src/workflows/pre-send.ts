import {
  ApplicationFailure,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  setCurrentDetails,
  setHandler,
  uuid4,
} from '@temporalio/workflow'
import type { PreSendRequest, PreSendResult, PreSendStatus } from '../contracts/pre-send.js'
import { brief, lastWork } from './activity-proxies.js'
import { mark } from './phase.js'
import { codeOf, prepareSendout, type PreparedSendout } from './prepare-sendout.js'

/** Argument of the update `abort`. */
export interface AbortPreSend {
  readonly reason: string
  readonly by: string
}

/** Argument of the update `reschedule`; times are ISO UTC. */
export interface ReschedulePreSend {
  readonly startAt: string
  readonly deadline?: string
}

export const preSendStatusQuery = defineQuery<PreSendStatus>('status')
export const abortUpdate = defineUpdate<PreSendStatus, [AbortPreSend]>('abort')
export const rescheduleUpdate = defineUpdate<PreSendStatus, [ReschedulePreSend]>('reschedule')

const DEFAULT_DEADLINE_MS = 30 * 60_000

/**
 * Right before a sendout: force-syncs everybody it targets and drops whoever may not be mailed (rules G1–G8). Waits for
 * a start time that lies ahead, keeps to a deadline, and never includes whom it could not verify.
 */
export async function preSend(request: PreSendRequest): Promise<PreSendResult> {
  return new PreSend(request).run()
}

/** State of one pre-send, and its messages. */
class PreSend {
  private phase: PreSendStatus['phase'] = 'waiting'
  private startAtMs: number | null = null
  private deadlineMs: number | null = null
  private aborted = false
  private prepared: PreparedSendout = { targeted: 0, synced: 0 }
  private result: PreSendResult | null = null
  private scope: CancellationScope | null = null

  constructor(private readonly request: PreSendRequest) {
    setHandler(preSendStatusQuery, () => this.status())
    setHandler(abortUpdate, () => this.abort(), { validator: requireReason })
    setHandler(rescheduleUpdate, (change) => this.reschedule(change), {
      validator: (change) => this.checkReschedule(change),
    })
  }

  async run(): Promise<PreSendResult> {
    const checked = await brief.checkPreSend({ request: this.request })
    const { connectionId, crm } = checked
    this.startAtMs ??= checked.startAtMs
    this.deadlineMs ??= checked.deadlineMs
    mark({ connectionId, crm, phase: 'waiting', tier: 'preSend' })
    await this.waitForStart()
    const deadlineMs = this.deadlineMs ?? Date.now() + DEFAULT_DEADLINE_MS
    this.deadlineMs = deadlineMs
    this.phase = 'preparing'
    mark({ connectionId, phase: 'running' })
    const sendoutRunId = uuid4()
    const { request } = this
    const opened = await brief.openSendout({ request, sendoutRunId, deadlineMs })
    const problems = await this.prepareUntil(deadlineMs, sendoutRunId, opened)
    return this.finish(sendoutRunId, opened.connectionId, problems)
  }

  private async waitForStart(): Promise<void> {
    while (this.startAtMs !== null && this.startAtMs > Date.now() && !this.aborted) {
      const until: number = this.startAtMs
      setCurrentDetails(`Waits until ${new Date(until).toISOString()}`)
      // Woken by an abort or by another start time; else it is time.
      await condition(() => this.aborted || this.startAtMs !== until, until - Date.now())
    }
  }

  /** Prepares until done, aborted, or the deadline; never throws. @returns codes of what went wrong. */
  private async prepareUntil(
    deadlineMs: number,
    sendoutRunId: string,
    opened: { connectionId: string; crm: string },
  ): Promise<string[]> {
    const scope = new CancellationScope({ cancellable: true })
    this.scope = scope
    if (this.aborted) {
      return []
    }
    const work = scope.run(() =>
      prepareSendout({ request: this.request, sendoutRunId, ...opened }, (progress) => {
        this.prepared = progress
        this.phase = 'syncing'
        setCurrentDetails(`${progress.synced} of ${progress.targeted} contacts synced`)
      }),
    )
    const settled = work.then(
      () => [],
      (error: unknown) => [isCancellation(error) ? 'deadline_reached' : codeOf(error)],
    )
    let done = false
    const finished = settled.then((problems) => {
      done = true
      return problems
    })
    await condition(() => done, Math.max(0, deadlineMs - Date.now()))
    if (!done) {
      scope.cancel()
    }
    return finished
  }

  /** Decides on what is verified by now, and closes the run. */
  private async finish(
    sendoutRunId: string,
    connectionId: string,
    problems: string[],
  ): Promise<PreSendResult> {
    this.phase = 'deciding'
    setCurrentDetails('Decides each contact')
    let { requests } = this.prepared.work ?? { requests: { emarketeer: 0, crm: 0 } }
    if (!this.aborted) {
      try {
        const last = await lastWork.decideMembers({
          sendoutRunId,
          connectionId,
          runId: sendoutRunId,
        })
        requests = {
          emarketeer: requests.emarketeer + last.requests.emarketeer,
          crm: requests.crm + last.requests.crm,
        }
      } catch (error) {
        problems.push(codeOf(error)) // Undecided members count as not verified.
      }
    }
    const result = await brief.closeSendout({
      sendoutRunId,
      proof: this.prepared.proof ?? null,
      onUnverified: this.request.onUnverified ?? 'exclude',
      aborted: this.aborted,
      updated: this.prepared.work?.writes ?? { emarketeer: 0, crm: 0 },
      requests,
      problems,
    })
    this.result = result
    this.phase = result.outcome === 'aborted' ? 'aborted' : 'done'
    setCurrentDetails(`${result.eligible} of ${result.targeted} eligible, ${result.outcome}`)
    mark({ connectionId, phase: 'done' })
    return result
  }

  private abort(): PreSendStatus {
    this.aborted = true
    this.scope?.cancel()
    return this.status()
  }

  private reschedule(change: ReschedulePreSend): PreSendStatus {
    this.startAtMs = Date.parse(change.startAt)
    this.deadlineMs = change.deadline ? Date.parse(change.deadline) : null
    return this.status()
  }

  private checkReschedule(change: ReschedulePreSend): void {
    const startAtMs = Date.parse(change.startAt)
    const deadlineMs = change.deadline === undefined ? null : Date.parse(change.deadline)
    if (this.phase !== 'waiting') {
      refuse('It has started already; abort it and start it anew.')
    }
    if (Number.isNaN(startAtMs) || Number.isNaN(deadlineMs)) {
      refuse('startAt and deadline are ISO UTC times.')
    }
    if (deadlineMs !== null && deadlineMs <= Math.max(startAtMs, Date.now())) {
      refuse('The deadline must lie after the start, and ahead.')
    }
  }

  private status(): PreSendStatus {
    const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
    return {
      phase: this.phase,
      startAt: iso(this.startAtMs),
      deadline: iso(this.deadlineMs),
      targeted: this.prepared.targeted,
      synced: this.prepared.synced,
      result: this.result,
    }
  }
}

function requireReason(abort: AbortPreSend): void {
  if (!abort?.reason?.trim() || !abort.by?.trim()) {
    refuse('An abort needs a reason and a name (by).')
  }
}

function refuse(message: string): never {
  throw ApplicationFailure.nonRetryable(message, 'value_invalid')
}
