import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { AppError } from '../contracts/app-error.js'
import type { RunReference } from '../contracts/sync-activities.js'
import { blockSide, unblockSide, type Side } from '../ledger/cursors.js'
import { gateOf, toAppError } from '../sync/to-app-error.js'
import type { SyncSession } from '../sync/session.js'
import type { Systems } from '../sync/systems.js'
import { logger } from '../telemetry/logger.js'

const log = logger('activity')

/**
 * Runs an activity's work on a connection: opens it, keeps the shared gate (nobody calls a system that asked to wait),
 * and turns failures into ones that Temporal can decide on by their code.
 * @param whenever `always`: also on a connection that is disabled or paused, for what takes it apart.
 */
export async function onConnection<T>(
  systems: Systems,
  run: RunReference,
  work: (session: SyncSession) => Promise<T>,
  needs: Needs = 'both',
  whenever: 'mayRun' | 'always' = 'mayRun',
): Promise<T> {
  return failing(async () => {
    const context = Context.current()
    const session = await systems.session(
      { ...run, workflowId: context.info.workflowExecution?.workflowId ?? context.info.activityId },
      {
        signal: context.cancellationSignal,
        heartbeat: (progress) => context.heartbeat(progress),
      },
    )
    if (whenever === 'mayRun') {
      refuseWhenNotActive(session, needs)
    }
    refuseWhileClosed(session, needs)
    const pulse = setInterval(() => context.heartbeat(), HEARTBEAT_MS)
    try {
      const result = await work(session)
      await reopen(session)
      return result
    } catch (error) {
      await close(session, error)
      throw error
    } finally {
      clearInterval(pulse)
    }
  })
}

/** Shorter than a third of every heartbeat time-out, so that one late beat kills nothing. */
const HEARTBEAT_MS = 2_500

/** Turns what an activity throws into a failure with the catalogue's code as its type. */
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

/** Which systems a piece of work calls: one that is throttled must not stop work that does without it. */
export type Needs = 'both' | 'emarketeer'

/**
 * Nothing is synced from the moment a connection is disabled (C8): a sendout that is under way then only decides, on what
 * it has verified by then. While paused, only sendouts are; where merely loosening waits, everything runs and the pass
 * withholds it.
 */
function refuseWhenNotActive({ connection, run }: SyncSession, needs: Needs): void {
  const { connectionId, state, pauseMode } = connection
  const sendout = run.tier === 'preSend'
  if (state === 'disabled' && !(sendout && needs === 'emarketeer')) {
    throw new AppError('connection_disabled', `Connection ${connectionId} is disabled.`)
  }
  if (state === 'paused' && !sendout && pauseMode !== 'loosening') {
    throw new AppError('connection_paused', `Connection ${connectionId} is paused.`)
  }
}

function refuseWhileClosed({ connection }: SyncSession, needs: Needs): void {
  const gates = [
    ['emarketeer', connection.emarketeerBlockedUntil, connection.emarketeerBlockedCode],
    ['crm', connection.crmBlockedUntil, connection.crmBlockedCode],
  ] as const
  for (const [side, until, code] of gates) {
    const waitMs = (until?.getTime() ?? 0) - Date.now()
    if (waitMs > 0 && (side === 'emarketeer' || needs === 'both')) {
      const name = side === 'crm' ? 'The CRM' : 'eMarketeer'
      throw new AppError(
        (code as AppError['code'] | null) ?? `${side}_rate_limited`,
        `${name} is not called before ${until!.toISOString()}.`,
        { retryAfterMs: waitMs },
      )
    }
  }
}

async function close(session: SyncSession, error: unknown): Promise<void> {
  const gate = gateOf(error)
  if (gate) {
    const { connectionId } = session.connection
    const until = Date.now() + gate.forMs
    await blockSide(session.db, connectionId, gate.side, until, gate.code).catch(() => undefined)
  }
}

async function reopen(session: SyncSession): Promise<void> {
  const { connection, db, call } = session
  const spent = call.tally.totals()
  for (const side of ['emarketeer', 'crm'] satisfies Side[]) {
    const code = side === 'crm' ? connection.crmBlockedCode : connection.emarketeerBlockedCode
    if (code !== null && spent[side] > 0) {
      await unblockSide(db, connection.connectionId, side)
    }
  }
}
