import {
  CancellationScope,
  CancelledFailure,
  condition,
  defineQuery,
  defineUpdate,
  patched,
  setCurrentDetails,
} from '@temporalio/workflow'
import { AppError } from '../../contracts/app-error.js'
import {
  abortMessage,
  rescheduleMessage,
  type AbortPreSend,
  type ReschedulePreSend,
} from '../../contracts/inputs.js'
import { judged } from '../../contracts/judge.js'
import { preSendRequest } from '../../contracts/pre-send-request.js'
import type { PreSendRequest, PreSendResult, PreSendStatus } from '../../contracts/pre-send.js'
import { moved, PRE_SEND_TRANSITIONS, type PreSendPhase } from '../../domain/transitions.js'
import type { FreshnessProof } from '../../contracts/sync-activities.js'
import { sendoutOpening } from '../activity-proxies.js'
import {
  answer,
  refuseOtherSignals,
  takeUpdate,
  reportInDetails,
  type MessageSchema,
} from '../receive.js'
import { refuseOtherAccount, refuseOtherRequest, type Asked } from './same-request.js'

export const preSendStatusQuery = defineQuery<PreSendStatus>('status')
export const abortUpdate = defineUpdate<PreSendStatus, [AbortPreSend]>('abort')
export const rescheduleUpdate = defineUpdate<PreSendStatus, [ReschedulePreSend]>('reschedule')
export const joinUpdate = defineUpdate<PreSendStatus, [PreSendRequest]>('join')

/** Why it was stopped: an abort, or a cancellation of the workflow. */
export type Stop = 'pre_send_aborted' | 'work_cancelled'

export interface Prepared {
  readonly targeted: number
  readonly synced: number
  readonly proof: FreshnessProof | null
}

const DEFAULT_DEADLINE_MS = 30 * 60_000
/** Time for work that is cut off to end on its own. */
const ENDS_WITHIN_MS = 10_000
/** How long a request to join waits for the account. */
const ANSWER_WITHIN_MS = 10_000

/** State of one pre-send, its times, and its messages. */
export class PreSendState {
  prepared: Prepared = { targeted: 0, synced: 0, proof: null }
  result: PreSendResult | null = null
  /** Set once. After that nothing more is prepared or decided, and nobody is on a list. */
  stopped: Stop | null = null
  /** The result is being written: it is too late to stop. */
  closing = false
  /** The connection and account; null until they are known. */
  asked: Asked | null = null
  over = false
  #phase: PreSendPhase = 'waiting'
  #startAtMs: number | null
  #deadlineMs: number | null
  readonly #begunMs = Date.now()
  readonly #problems = new Set<string>()

  constructor(readonly request: PreSendRequest) {
    this.#startAtMs = request.startAt ? Date.parse(request.startAt) : null
    this.#deadlineMs = request.deadline ? Date.parse(request.deadline) : null
    const description =
      'How far it is, its times, what went wrong, and its result once there is one.'
    answer(preSendStatusQuery, description, () => this.status())
    const abort: MessageSchema<AbortPreSend> = {
      description: 'Ends it: nobody is eligible, no list. Takes {"reason", "by", "accountId"?}.',
      judge: (given) => this.#judgeAbort(given),
    }
    const stop = () => {
      this.#requireUndecided()
      this.stop('pre_send_aborted')
      return this.status()
    }
    takeUpdate(abortUpdate, abort, (change) => this.#ofAccount(change.accountId, stop))
    const reschedule: MessageSchema<ReschedulePreSend> = {
      description:
        'Moves the start while it waits. Takes {"startAt", "deadline"?, "accountId"?}, ISO UTC.',
      judge: (given) => this.#judgeReschedule(given),
    }
    takeUpdate(rescheduleUpdate, reschedule, (change) =>
      this.#ofAccount(change.accountId, () => this.#reschedule(change)),
    )
    const join: MessageSchema<PreSendRequest> = {
      description: 'Joins the pre-send: takes the request, and is refused if it differs.',
      // The deadline was checked at the first request.
      judge: (given) => judged(preSendRequest(0), given),
    }
    takeUpdate(joinUpdate, join, (request) => this.#join(request))
    refuseOtherSignals(reportInDetails)
  }

  /** Unix ms by which it is decided. Without a given deadline: 30 minutes after the start, also while it waits. */
  get deadlineMs(): number {
    return this.#deadlineMs ?? Math.max(this.#startAtMs ?? 0, this.#begunMs) + DEFAULT_DEADLINE_MS
  }

  /** Time left until the deadline, in ms; 0 after it. */
  get remainingMs(): number {
    return Math.max(0, this.deadlineMs - Date.now())
  }

  get phase(): PreSendPhase {
    return this.#phase
  }

  /** After a cut-off, late progress of the preparation changes no phase. */
  get isPreparing(): boolean {
    return this.#phase === 'preparing' || this.#phase === 'syncing'
  }

  /** @throws Error if the phase cannot follow the present one, which is a bug. */
  to(phase: PreSendPhase): void {
    this.#phase = moved(PRE_SEND_TRANSITIONS, this.#phase, phase)
  }

  /** The codes of all problems, each once. */
  get problems(): readonly string[] {
    return [...this.#problems]
  }

  note(...codes: readonly string[]): void {
    codes.forEach((code) => this.#problems.add(code))
  }

  /** Ends it with nobody on a list. Has no effect while the result is being written. */
  stop(why: Stop): void {
    if (!this.closing) {
      this.stopped ??= why
      this.note(why)
    }
  }

  /** Waits until the start, which may be rescheduled, or until it is stopped. */
  async untilStart(): Promise<void> {
    while (this.#startAtMs !== null && this.#startAtMs > Date.now() && this.stopped === null) {
      const until: number = this.#startAtMs
      setCurrentDetails(`Waits until ${new Date(until).toISOString()}`)
      await condition(() => this.stopped !== null || this.#startAtMs !== until, until - Date.now())
    }
  }

  /** Starts it. After this its times are fixed. */
  begin(): void {
    this.to('preparing')
    this.#deadlineMs ??= Date.now() + DEFAULT_DEADLINE_MS
  }

  /**
   * Cuts work off when it is stopped, or at the limit.
   * @param limitMs Unix ms, may change meanwhile; null: the work has its own limits.
   */
  async cutOff<T>(work: () => Promise<T>, limitMs: (() => number) | null): Promise<T> {
    const scope = new CancellationScope()
    let ended = false
    const outcome = scope.run(work).finally(() => {
      ended = true
      // One shard failed permanently: the others would only spend requests.
      scope.cancel()
    })
    outcome.catch(() => undefined)
    while (!ended) {
      const limit = limitMs?.() ?? null
      const woken = () => ended || this.stopped !== null || (limitMs?.() ?? null) !== limit
      const inTime =
        limit === null
          ? (await condition(woken), true)
          : await condition(woken, Math.max(1, limit - Date.now()))
      if (!ended && (!inTime || this.stopped !== null)) {
        scope.cancel()
        // A child that does not end is terminated with this workflow.
        if (!(await condition(() => ended, ENDS_WITHIN_MS))) {
          throw new CancelledFailure('It was cut off, and does not end.')
        }
      }
    }
    return outcome
  }

  status(): PreSendStatus {
    const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString())
    return {
      accountId: this.#accountId,
      phase: this.phase,
      startAt: iso(this.#startAtMs),
      deadline: iso(this.#deadlineMs),
      targeted: this.prepared.targeted,
      synced: this.prepared.synced,
      problems: this.problems,
      result: this.result,
    }
  }

  #reschedule(change: ReschedulePreSend): PreSendStatus {
    this.#requireWaiting()
    this.#startAtMs = Date.parse(change.startAt)
    this.#deadlineMs = change.deadline ? Date.parse(change.deadline) : null
    return this.status()
  }

  get #accountId(): string | null {
    return this.asked?.accountId ?? this.request.accountId ?? null
  }

  /**
   * Does work for an account after checking that the pre-send belongs to it; without a check if no account is named.
   */
  #ofAccount<T>(accountId: string | undefined, work: () => T): T | Promise<T> {
    const isKnown = () => this.#accountId !== null || this.over
    const checked = () => (refuseOtherAccount(this.#accountId, accountId!), work())
    if (accountId === undefined) {
      return work()
    }
    return isKnown() ? checked() : condition(isKnown).then(checked)
  }

  /** Gives a second caller this run's result if the request is the same (G1). */
  async #join(request: PreSendRequest): Promise<PreSendStatus> {
    const isSame = (['connectionId', 'accountId'] as const).every(
      (key) => request[key] === this.request[key],
    )
    if (!isSame) {
      // A request with another name may come from the same account. The account is known after the request is checked.
      await condition(() => this.asked !== null || this.over)
      refuseOtherAccount(this.asked?.accountId ?? null, await this.#accountOf(request))
    }
    refuseOtherRequest(this.request, request)
    return this.status()
  }

  /** A request's account; null if it is not known. */
  async #accountOf(request: PreSendRequest): Promise<string | null> {
    const { connectionId } = request
    if (connectionId === undefined) {
      return request.accountId ?? null
    }
    const { asked } = this
    if (connectionId === this.request.connectionId || connectionId === asked?.connectionId) {
      return asked?.accountId ?? null
    }
    // A run that a former release answered has no such command in its history.
    if (asked === null || !patched('joinAsksForAccount')) {
      return null
    }
    const { accountId } = await sendoutOpening(ANSWER_WITHIN_MS).checkPreSend({ request })
    return accountId
  }

  #judgeAbort(given: readonly unknown[]): AbortPreSend {
    const abort = judged(abortMessage, given)
    this.#requireUndecided()
    return abort
  }

  #requireUndecided(): void {
    if (this.closing) {
      throw new AppError('pre_send_decided', 'It is decided already.')
    }
  }

  #requireWaiting(): void {
    if (this.phase !== 'waiting' || this.closing) {
      throw new AppError('pre_send_started', 'It has started already.')
    }
  }

  #judgeReschedule(given: readonly unknown[]): ReschedulePreSend {
    const change = judged(rescheduleMessage, given)
    this.#requireWaiting()
    const earliestMs = Math.max(Date.parse(change.startAt), Date.now())
    if (change.deadline && Date.parse(change.deadline) <= earliestMs) {
      const message = 'The deadline must lie after the start, and ahead.'
      throw new AppError('deadline_past', message, { path: 'deadline', value: change.deadline })
    }
    return change
  }
}
