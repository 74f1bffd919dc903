import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineQuery,
  defineUpdate,
  isCancellation,
  setCurrentDetails,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow'
import { AppError } from '../contracts/app-error.js'
import {
  abortMessage,
  rescheduleMessage,
  type AbortPreSend,
  type ReschedulePreSend,
} from '../contracts/inputs.js'
import { judged } from '../contracts/judge.js'
import { preSendRequest } from '../contracts/pre-send-request.js'
import type { PreSendRequest, PreSendResult, PreSendStatus } from '../contracts/pre-send.js'
import type { OpenedSendout, Requests } from '../contracts/sync-activities.js'
import { preSendBrief, lastWork } from './activity-proxies.js'
import { codeOf, entry } from './entry.js'
import { mark } from './phase.js'
import { prepareSendout, type PreparedSendout, type PrepareInput } from './prepare-sendout.js'
import { answer, refuseOtherSignals, takeUpdate, tellInDetails } from './receive.js'
import { refuseOtherAccount, refuseOtherRequest, type Asked } from './same-request.js'
import { addWork, NO_WORK } from './work-totals.js'

export const preSendStatusQuery = defineQuery<PreSendStatus>('status')
export const abortUpdate = defineUpdate<PreSendStatus, [AbortPreSend]>('abort')
export const rescheduleUpdate = defineUpdate<PreSendStatus, [ReschedulePreSend]>('reschedule')
export const joinUpdate = defineUpdate<PreSendStatus, [PreSendRequest]>('join')

const DEFAULT_DEADLINE_MS = 30 * 60_000

/**
 * Right before a sendout: force-syncs everybody it targets and drops whoever may not be mailed (rules G1–G8). Waits for
 * a start time that lies ahead, keeps to a deadline, and never includes whom it could not verify.
 */
export function preSend(...given: [PreSendRequest]): Promise<PreSendResult> {
  // A deadline was in time if it lay ahead when this was asked for, however late a worker takes it up.
  const schema = preSendRequest(workflowInfo().startTime.getTime())
  return entry(schema, given, (request) => new PreSend(request).run())
}

/** State of one pre-send, and its messages. */
class PreSend {
  private phase: PreSendStatus['phase'] = 'waiting'
  private startAtMs: number | null = null
  private deadlineMs: number | null = null
  private rescheduled = false
  private aborted = false
  /** The result is being written: too late to abort. */
  private closing = false
  private prepared: PreparedSendout = { targeted: 0, synced: 0 }
  private result: PreSendResult | null = null
  private scope: CancellationScope | null = null
  /** Whose it is, once that is known. */
  private asked: Asked | null = null
  private over = false

  constructor(private readonly request: PreSendRequest) {
    answer(preSendStatusQuery, 'How far it is, its times, and its result once there is one.', () =>
      this.status(),
    )
    const abort = {
      description: 'Ends it: nobody is eligible, no list. Takes {"reason", "by"}.',
      judge: (given: readonly unknown[]) => this.judgeAbort(given),
    }
    takeUpdate(abortUpdate, abort, () => this.abort())
    const reschedule = {
      description: 'Moves the start while it waits. Takes {"startAt", "deadline"?}, ISO UTC.',
      judge: (given: readonly unknown[]) => this.judgeReschedule(given),
    }
    takeUpdate(rescheduleUpdate, reschedule, (change) => this.reschedule(change))
    const join = {
      description:
        'For who asks for the same again: takes the request, and is refused where it differs.',
      judge: (given: readonly unknown[]) => this.judgeJoin(given),
    }
    takeUpdate(joinUpdate, join, (request) => this.join(request))
    refuseOtherSignals(tellInDetails)
  }

  async run(): Promise<PreSendResult> {
    try {
      return await this.runChecked()
    } finally {
      this.over = true
      await CancellationScope.nonCancellable(() => condition(allHandlersFinished))
    }
  }

  private async runChecked(): Promise<PreSendResult> {
    const { connectionId, accountId, crm, startAtMs, deadlineMs } = await preSendBrief.checkPreSend(
      {
        request: this.request,
      },
    )
    this.asked = { connectionId, accountId }
    // Somebody may have rescheduled it while it was checked.
    if (!this.rescheduled) {
      this.startAtMs = startAtMs
      this.deadlineMs = deadlineMs
    }
    mark({ connectionId, crm, phase: 'waiting', tier: 'preSend' })
    const sendoutRunId = uuid4()
    try {
      await this.waitForStart()
      return await this.runNow(sendoutRunId)
    } catch (error) {
      if (isCancellation(error)) {
        await CancellationScope.nonCancellable(() => this.closeCancelled(sendoutRunId))
      }
      throw error
    }
  }

  private async runNow(sendoutRunId: string): Promise<PreSendResult> {
    const { connectionId, crm } = await this.open(sendoutRunId)
    const reference = { connectionId, sendoutRunId }
    const problems = await this.prepareUntil({ ...reference, crm, request: this.request })
    return this.finish(reference, problems)
  }

  private async open(sendoutRunId: string): Promise<OpenedSendout> {
    const deadlineMs = this.deadlineMs ?? Date.now() + DEFAULT_DEADLINE_MS
    this.deadlineMs = deadlineMs
    this.phase = 'preparing'
    const opened = await preSendBrief.openSendout({
      request: this.request,
      sendoutRunId,
      deadlineMs,
    })
    mark({ connectionId: opened.connectionId, phase: 'running' })
    return opened
  }

  /** Cancelled by plain Temporal means: as after an abort nobody is on a list, an earlier run's neither. */
  private async closeCancelled(sendoutRunId: string): Promise<void> {
    this.aborted = true
    const { connectionId } = await this.open(sendoutRunId)
    await this.finish({ connectionId, sendoutRunId }, [])
  }

  private async waitForStart(): Promise<void> {
    while (this.startAtMs !== null && this.startAtMs > Date.now() && !this.aborted) {
      const until: number = this.startAtMs
      setCurrentDetails(`Waits until ${new Date(until).toISOString()}`)
      // Woken by an abort or by another start time; else it is time.
      await condition(() => this.aborted || this.startAtMs !== until, until - Date.now())
    }
  }

  /** Prepares until done, aborted, or the deadline; never fails. @returns codes of what went wrong. */
  private async prepareUntil(input: PrepareInput): Promise<string[]> {
    if (this.aborted) {
      return []
    }
    const scope = this.newScope()
    const work = scope.run(() =>
      prepareSendout(input, (progress) => {
        this.prepared = progress
        this.phase = 'syncing'
        setCurrentDetails(`${progress.synced} of ${progress.targeted} contacts synced`)
      }),
    )
    let done = false
    const settled = work
      .then(
        () => [],
        (error: unknown) => {
          const problem = scope.consideredCancelled ? this.whyCancelled() : codeOf(error)
          scope.cancel() // One shard failed for good: the others would only go on spending requests.
          return [problem]
        },
      )
      .finally(() => {
        done = true
      })
    await condition(() => done, Math.max(0, (this.deadlineMs ?? 0) - Date.now()))
    if (!done) {
      scope.cancel()
    }
    return settled
  }

  /** Decides on what is verified by now, and closes the run. */
  private async finish(
    { connectionId, sendoutRunId }: { connectionId: string; sendoutRunId: string },
    problems: string[],
  ): Promise<PreSendResult> {
    this.phase = 'deciding'
    setCurrentDetails('Decides each contact')
    let { work = NO_WORK } = this.prepared
    try {
      work = addWork(work, await this.decide(connectionId, sendoutRunId))
    } catch (error) {
      if (isCancellation(error) && !this.aborted) {
        throw error
      }
      problems.push(this.aborted ? this.whyCancelled() : codeOf(error)) // The undecided count as not verified.
    }
    this.closing = true
    // Once under way it is not cancelled: what is told must be what is in the ledger.
    const result = await CancellationScope.nonCancellable(() =>
      preSendBrief.closeSendout({
        sendoutRunId,
        proof: this.prepared.proof ?? null,
        onUnverified: this.request.onUnverified ?? 'exclude',
        aborted: this.aborted,
        updated: work.writes,
        requests: work.requests,
        problems,
      }),
    )
    this.result = result
    this.phase = result.outcome === 'aborted' ? 'aborted' : 'done'
    setCurrentDetails(`${result.eligible} of ${result.targeted} eligible, ${result.outcome}`)
    mark({ connectionId, phase: 'done' })
    return result
  }

  private async decide(
    connectionId: string,
    sendoutRunId: string,
  ): Promise<{ requests: Requests } | Record<never, never>> {
    if (this.aborted) {
      return {}
    }
    const remainingMs = (this.deadlineMs ?? 0) - Date.now()
    return this.newScope().run(() =>
      lastWork(remainingMs).decideMembers({ sendoutRunId, connectionId, runId: sendoutRunId }),
    )
  }

  /** A scope that an abort cancels. */
  private newScope(): CancellationScope {
    this.scope = new CancellationScope()
    return this.scope
  }

  private whyCancelled(): string {
    return this.aborted ? 'pre_send_aborted' : 'deadline_reached'
  }

  private abort(): PreSendStatus {
    this.aborted = true
    this.scope?.cancel()
    return this.status()
  }

  private reschedule(change: ReschedulePreSend): PreSendStatus {
    this.rescheduled = true
    this.startAtMs = Date.parse(change.startAt)
    this.deadlineMs = change.deadline ? Date.parse(change.deadline) : null
    return this.status()
  }

  /** Who asks while it runs gets what it comes to, if it is the same that they ask for (G1). */
  private async join(request: PreSendRequest): Promise<PreSendStatus> {
    const isSame = (['connectionId', 'accountId'] as const).every(
      (key) => request[key] === this.request[key],
    )
    if (!isSame) {
      // A connection and its account name the same; which belong together is known once it is checked.
      await condition(() => this.asked !== null || this.over)
      refuseOtherAccount(this.request, this.asked, request)
    }
    refuseOtherRequest(this.request, request)
    return this.status()
  }

  private judgeJoin(given: readonly unknown[]): PreSendRequest {
    // Its deadline was in time when it was asked for first.
    return judged(preSendRequest(0), given)
  }

  private judgeAbort(given: readonly unknown[]): AbortPreSend {
    const abort = judged(abortMessage, given)
    if (this.closing) {
      throw new AppError('pre_send_decided', 'It is decided already.')
    }
    return abort
  }

  private judgeReschedule(given: readonly unknown[]): ReschedulePreSend {
    const change = judged(rescheduleMessage, given)
    if (this.phase !== 'waiting') {
      throw new AppError('pre_send_started', 'It has started already.')
    }
    const earliestMs = Math.max(Date.parse(change.startAt), Date.now())
    if (change.deadline && Date.parse(change.deadline) <= earliestMs) {
      const message = 'The deadline must lie after the start, and ahead.'
      throw new AppError('deadline_past', message, { path: 'deadline', value: change.deadline })
    }
    return change
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
