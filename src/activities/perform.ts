import { permitsOf } from '../domain/connection-state.js'
import { notPermitted } from '../connection/permissions.js'
import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { AppError } from '../contracts/app-error.js'
import type { RunReference } from '../contracts/sync-activities.js'
import { toAppError } from '../connection/to-app-error.js'
import type { SyncSession, Progress } from '../connection/session.js'
import type { Systems, WorkOptions } from '../connection/systems.js'
import { logger } from '../telemetry/logger.js'
import { tripAfter, awaitBreakers, resetTimed, type Guarded, type Needs } from './breakers.js'
import { randomUUID } from 'node:crypto'
import type { Writes } from '../contracts/work-report.js'
import { saveSpent } from '../ledger/sendout/sendouts.js'

const log = logger('activity')

/** Run id of work outside any sync run, such as set-up, housekeeping and installation. */
export const NO_RUN = '00000000-0000-0000-0000-000000000000'

/**
 * Runs an activity's work on a connection: opens the connection, respects the shared circuit breaker (nobody calls a
 * system that asked for a wait), and turns errors into failures that Temporal retries or not, by their code.
 * @param options `needs`: the systems called; default both. `allowInactive`: for teardown, which also runs on disabled
 * and paused connections.
 */
export async function onConnection<T>(
  systems: Systems,
  run: RunReference,
  work: (session: SyncSession, watched: WorkOptions) => Promise<T>,
  {
    needs = 'both',
    allowInactive = false,
  }: { readonly needs?: Needs; readonly allowInactive?: boolean } = {},
): Promise<T> {
  return failing(async () => {
    const context = Context.current()
    const signs = new LifeSigns(context)
    const watched = { signal: signs.signal, heartbeat: signs.beat, onSign: signs.note }
    const workflowId = context.info.workflowExecution?.workflowId ?? context.info.activityId
    const { tier: trigger, ...which } = run
    const session = await systems.session({ ...which, trigger, workflowId }, watched)
    if (!allowInactive) {
      refuseWhenNotActive(session, needs)
    }
    const guarded = { session, driver: systems.driverOf(session.connection) }
    return signs.watch(async () => {
      await awaitBreakers(guarded, needs)
      return working(guarded, () => work(session, watched))
    })
  })
}

async function working<T>(guarded: Guarded, work: () => Promise<T>): Promise<T> {
  try {
    const result = await keepingSpent(guarded.session, work)
    await resetTimed(guarded.session)
    return result
  } catch (error) {
    throw await tripAfter(guarded, error)
  }
}

/** Runs short ledger work with heartbeats, so that Temporal notices a killed worker within the heartbeat time-out. */
export function beating<T>(work: () => Promise<T>): Promise<T> {
  return failing(() => new LifeSigns(Context.current()).watch(work))
}

/** Turns an activity's error into a failure with the catalogue's code as its type. */
export async function failing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toFailure(error)
  }
}

function toFailure(error: unknown): Error {
  const { cancellationSignal } = Context.current()
  if (cancellationSignal.aborted && !(error instanceof AppError)) {
    return cancellationSignal.reason as Error
  }
  const appError = toAppError(error)
  log.warn(
    { code: appError.code, retryable: appError.kind.retryable, err: error },
    'activity failed',
  )
  return ApplicationFailure.create({
    type: appError.code,
    message: appError.message,
    nonRetryable: !appError.kind.retryable,
    details: [appError.toDocument().error],
    ...(appError.retryAfterMs === null ? {} : { nextRetryDelay: appError.retryAfterMs }),
  })
}

/**
 * Refuses work that the connection's state does not permit. A disabled connection syncs nothing (C8): a running sendout
 * then only decides on what is already verified. While paused, only sendouts sync. While only loosening waits,
 * everything runs and the pass withholds loosening.
 */
function refuseWhenNotActive({ connection, run }: SyncSession, needs: Needs): void {
  const permits = permitsOf(connection)
  const work = run.trigger === 'preSend' && needs === 'emarketeer' ? 'decision' : run.trigger
  if (!permits.begins.includes(work)) {
    throw notPermitted(connection.connectionId, permits)
  }
}

const EVERY_MS = 2_500
const NO_WRITES: Writes = { emarketeer: 0, crm: 0 }

/**
 * Does a part of a sendout's work and stores the requests it spends while it runs, because a cut-off or failed call
 * returns no result (G3). Stores nothing for other syncs.
 */
export async function keepingSpent<T>(session: SyncSession, work: () => Promise<T>): Promise<T> {
  const { db, run, call } = session
  if (run.trigger !== 'preSend') {
    return work()
  }
  const attemptId = randomUUID()
  let updated = NO_WRITES
  let last = Promise.resolve()
  const keep = () => {
    const { emarketeer, crm } = call.tally.totals()
    const spent = { requests: { emarketeer, crm }, updated }
    // One at a time. If the ledger does not answer, the work itself fails.
    last = last
      .then(() => (emarketeer + crm === 0 ? undefined : saveSpent(db, run.runId, attemptId, spent)))
      .catch(() => undefined)
    return last
  }
  const timer = setInterval(() => void keep(), EVERY_MS)
  try {
    const result = await work()
    updated = (result as { readonly writes?: Writes } | undefined)?.writes ?? NO_WRITES
    return result
  } finally {
    clearInterval(timer)
    await keep()
  }
}

/** Less than a third of every heartbeat time-out, so that one late heartbeat does not end an activity. */
const BEAT_MS = 2_500
/** Longer than any external request (4 minutes) and any statement (5 minutes). */
const SILENT_MS = 6 * 60_000

interface LifeSignsOptions {
  readonly beatMs?: number
  readonly silentMs?: number
}

/**
 * Sends heartbeats to Temporal while an activity's work shows signs of life: a finished request, a finished statement,
 * progress. Work without any for long is stuck; it is abandoned, so that it is retried.
 */
export class LifeSigns {
  readonly #stuck = new AbortController()
  #progress: Progress | undefined
  #lastAtMs = performance.now()

  constructor(
    private readonly context: Pick<Context, 'heartbeat' | 'cancellationSignal'>,
    private readonly options: LifeSignsOptions = {},
  ) {}

  /** Aborts when the work is cancelled or abandoned. Everything that the work waits for takes it. */
  get signal(): AbortSignal {
    return this.#stuck.signal
  }

  readonly note = (): void => {
    this.#lastAtMs = performance.now()
  }

  /**
   * Reports progress. Each later heartbeat repeats it, so that the next try can continue from there and Temporal's UI
   * shows it.
   */
  readonly beat = (progress: Progress): void => {
    this.note()
    this.#progress = progress
    this.context.heartbeat(progress)
  }

  /**
   * Does the work with heartbeats.
   * @throws AppError `timed_out` (retryable) after too long without a sign of life; the errors of the work.
   */
  async watch<T>(work: () => Promise<T>): Promise<T> {
    const { beatMs = BEAT_MS, silentMs = SILENT_MS } = this.options
    const { cancellationSignal } = this.context
    const cancel = () => this.#stuck.abort(cancellationSignal.reason)
    cancellationSignal.addEventListener('abort', cancel, { once: true })
    if (cancellationSignal.aborted) {
      cancel()
    }
    let pulse: NodeJS.Timeout | undefined
    const givenUp = new Promise<never>((_, reject) => {
      pulse = setInterval(() => {
        const silentForMs = performance.now() - this.#lastAtMs
        if (silentForMs < silentMs) {
          this.context.heartbeat(this.#progress)
          return
        }
        clearInterval(pulse)
        const minutes = Math.round(silentForMs / 60_000)
        reject(new AppError('timed_out', `The work gave no sign of life for ${minutes} minutes.`))
        this.#stuck.abort()
      }, beatMs)
    })
    try {
      return await Promise.race([work(), givenUp])
    } finally {
      clearInterval(pulse)
      cancellationSignal.removeEventListener('abort', cancel)
    }
  }
}
