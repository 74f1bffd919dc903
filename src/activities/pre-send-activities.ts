import { Context } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import { AppError } from '../contracts/app-error.js'
import type { PreSendRequest } from '../contracts/pre-send.js'
import type { PreSendActivities, RunReference } from '../contracts/sync-activities.js'
import { UpstreamError } from '../http/index.js'
import { findConnectionOfAccount } from '../ledger/connection/connections.js'
import { findSendoutRun, openSendoutRun, type SendoutRun } from '../ledger/sendout/sendouts.js'
import { closeSendout } from '../sync/sendout/close-sendout.js'
import { decideMembers } from '../sync/sendout/decide-members.js'
import { fixAudience } from '../sync/sendout/fix-audience.js'
import { proveFreshness } from '../sync/sendout/prove-freshness.js'
import { syncMembers } from '../sync/sendout/sync-members.js'
import { accountAsked, connectionForSendouts } from '../sync/sendout/whose-sendout.js'
import type { SyncSession } from '../connection/session.js'
import type { Systems } from '../connection/systems.js'
import { beating, onConnection } from './perform.js'
import { report } from './reports.js'

const preSendRun = (input: { connectionId: string; runId: string }): RunReference => ({
  connectionId: input.connectionId,
  runId: input.runId,
  tier: 'preSend',
})

export function createPreSendActivities(systems: Systems): PreSendActivities {
  return {
    checkPreSend: ({ request }) =>
      beating(async () => {
        const accountId = await accountAsked(systems.db, request)
        await requireAccount(systems, request)
        const { connectionId, crm } = await connectionForSendouts(systems.db, accountId)
        return {
          connectionId,
          accountId,
          crm,
          startAtMs: request.startAt ? Date.parse(request.startAt) : null,
          deadlineMs: request.deadline ? Date.parse(request.deadline) : null,
        }
      }),

    openSendout: ({ request, accountId: known, sendoutRunId, deadlineMs }) =>
      beating(async () => {
        const run = await systems.db.transaction(async (tx) => {
          // On the transaction's own connection, because the pool may have no second one.
          const accountId = known ?? (await accountAsked(tx, request))
          // Read now, because the account may have another CRM since the request.
          const { connectionId, crm } = await connectionForSendouts(tx, accountId)
          return openSendoutRun(tx, {
            sendoutRunId,
            sendoutId: request.sendoutId,
            stage: request.stage,
            accountId,
            connectionId,
            crm,
            workflowId: Context.current().info.workflowExecution?.workflowId ?? '',
            deadlineMs,
          })
        })
        return { sendoutRunId, connectionId: run.connectionId, crm: run.crm }
      }),

    fixAudience: ({ sendoutRunId, connectionId, request }) =>
      onConnection(
        systems,
        preSendRun({ connectionId, runId: sendoutRunId }),
        async (session) => {
          const run = await requireSendoutRun(session, sendoutRunId)
          const { targeted } = await fixAudience(session, run, request)
          return { targeted, requests: report(session).requests }
        },
        { needs: 'emarketeer' },
      ),

    proveFreshness: ({ sendoutRunId, ...input }) =>
      onConnection(systems, preSendRun(input), async (session) => {
        const run = await requireSendoutRun(session, sendoutRunId)
        return { ...(await proveFreshness(session, run)), requests: report(session).requests }
      }),

    syncMembers: ({ sendoutRunId, from, to, proof, ...input }) =>
      onConnection(systems, preSendRun(input), async (session) => {
        const run = await requireSendoutRun(session, sendoutRunId)
        const counts = await syncMembers(session, run, { from, to }, proof)
        return report(session, counts)
      }),

    decideMembers: ({ sendoutRunId, ...input }) =>
      onConnection(
        systems,
        preSendRun(input),
        async (session) => {
          const run = await requireSendoutRun(session, sendoutRunId)
          await decideMembers(session, run)
          return { requests: report(session).requests }
        },
        { needs: 'emarketeer' },
      ).catch((error: unknown) => rethrowInTime(systems, sendoutRunId, error)),

    closeSendout: (closing) =>
      beating(() => {
        const { workflowExecution } = Context.current().info
        return closeSendout(systems.db, closing, workflowExecution?.runId ?? null)
      }),
  }
}

/** How long after its deadline a sendout may still be decided. Its caller waits for an answer. */
const PATIENCE_MS = 20_000

/** Ends the tries now if the retry, or the wait that it asks for, would come too long after the deadline. */
async function rethrowInTime(
  systems: Systems,
  sendoutRunId: string,
  error: unknown,
): Promise<never> {
  const run = await findSendoutRun(systems.db, sendoutRunId).catch(() => null)
  if (run && error instanceof ApplicationFailure && !error.nonRetryable) {
    const waitMs = typeof error.nextRetryDelay === 'number' ? error.nextRetryDelay : 0
    if (Date.now() + waitMs > run.deadline.getTime() + PATIENCE_MS) {
      throw ApplicationFailure.create({
        type: error.type ?? 'internal',
        message: error.message,
        nonRetryable: true,
        details: error.details ?? [],
      })
    }
  }
  throw error
}

/**
 * Checks that eMarketeer has an account without a connection. Only `checkPreSend` asks: `openSendout` also opens a run
 * that ends with nobody, and must do so while eMarketeer does not answer.
 * @throws AppError `account_not_found`; UpstreamError.
 */
async function requireAccount(systems: Systems, { accountId }: PreSendRequest): Promise<void> {
  if (accountId === undefined || (await findConnectionOfAccount(systems.db, accountId))) {
    return
  }
  try {
    await systems.emarketeerOf(accountId).account()
  } catch (error) {
    if (error instanceof UpstreamError && error.code === 'upstream_not_found') {
      throw new AppError('account_not_found', `eMarketeer has no account ${accountId}.`, {
        path: 'accountId',
        value: accountId,
        cause: error,
      })
    }
    throw error
  }
}

/** @throws AppError `run_not_found`: the id was never opened, or not on this connection. */
async function requireSendoutRun(
  { db, connection }: SyncSession,
  sendoutRunId: string,
): Promise<SendoutRun> {
  const run = await findSendoutRun(db, sendoutRunId)
  if (run === null || run.connectionId !== connection.connectionId) {
    throw new AppError('run_not_found', `There is no run ${sendoutRunId}.`, {
      path: 'sendoutRunId',
      value: sendoutRunId,
    })
  }
  return run
}
