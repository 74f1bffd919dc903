import { Context } from '@temporalio/activity'
import type { ErrorCode } from '../contracts/error-catalogue.js'
import type { SyncActivities } from '../contracts/sync-activities.js'
import { setConnectionState } from '../ledger/connection/connections.js'
import { expectSweeps, noteSweep } from '../ledger/connection/sweeps.js'
import { noticesOf, noticeSentences } from '../connection/notices.js'
import { failing, NO_RUN } from './perform.js'
import { startSweepCron, type CronEnvironment } from './sweep-cron.js'
import { once } from 'node:events'
import { purgeHandledHints } from '../ledger/run/inbox.js'
import { permitsOf } from '../domain/connection-state.js'
import { toAppError } from '../connection/to-app-error.js'
import type { SyncSession } from '../connection/session.js'
import type { Systems } from '../connection/systems.js'
import { tendEmarketeerWebhook } from '../connection/tend-emarketeer-webhook.js'
import { tendWebhooks } from '../connection/tend-emarketeer-webhook.js'

type SweepActivities = Pick<
  SyncActivities,
  'startSweep' | 'activateConnection' | 'tellNotices' | 'tidyUp' | 'noteSweep'
>

const NOT_SWEPT: ReadonlySet<string> = new Set<ErrorCode>([
  'connection_disabled',
  'connection_paused',
])

/** Activities of a connection's sweep: cron, housekeeping, notices. */
export function createSweepActivities(environment: CronEnvironment): SweepActivities {
  const { systems } = environment
  return {
    startSweep: ({ connectionId }) =>
      failing(async () => {
        await startSweepCron(environment, connectionId)
        await expectSweeps(systems.db, connectionId)
      }),

    activateConnection: ({ connectionId }) =>
      failing(() => setConnectionState(systems.db, connectionId, 'active')),

    tellNotices: ({ connectionId }) =>
      failing(async () => {
        const connection = await systems.connection(connectionId)
        return noticeSentences(
          await noticesOf(systems.db, connection, systems.driverOf(connection)),
        )
      }),

    tidyUp: ({ connectionId }) =>
      failing(async () => {
        const { workflowExecution, ...info } = Context.current().info
        const workflowId = workflowExecution?.workflowId ?? info.activityId
        const signal = Context.current().cancellationSignal
        return { untidy: await tidyUp(systems, { connectionId, workflowId, signal }) }
      }),

    // A sweep that the connection's state refused is not stored, because it would later show as the last sweep.
    noteSweep: (note) =>
      failing(async () => {
        if (note.code === null || !NOT_SWEPT.has(note.code)) {
          await noteSweep(systems.db, note)
        }
      }),
  }
}

/** Limit for either system's webhooks. Shorter than a request's, so that a system that hangs is reported. */
const TEND_MS = 30_000

export interface TidyUp {
  readonly connectionId: string
  readonly workflowId: string
  readonly signal: AbortSignal
  /** Limit per system in ms; default 30 s. */
  readonly tendMs?: number
}

/**
 * Removes data whose retention has ended, and maintains both sides' webhooks. A failure there does not fail the sweep,
 * which also does the webhooks' work.
 * @returns sentences on what could not be done.
 */
export async function tidyUp(
  systems: Pick<Systems, 'db' | 'session' | 'saveWebhookSecret'>,
  { connectionId, workflowId, signal, tendMs = TEND_MS }: TidyUp,
): Promise<string[]> {
  await purgeHandledHints(systems.db, connectionId)
  const run = { connectionId, runId: NO_RUN, trigger: 'sweep', workflowId } as const
  const session = await systems.session(run, { signal })
  const { crmBlockedUntil, emarketeerBlockedUntil } = session.connection
  const keepSecret = (secret: string) => systems.saveWebhookSecret(connectionId, secret)
  return [
    ...(isClosed(crmBlockedUntil)
      ? []
      : await tend("the CRM's webhooks", session, tendMs, tendWebhooks)),
    ...(isClosed(emarketeerBlockedUntil) || !permitsOf(session.connection).sweeps
      ? []
      : await tend("eMarketeer's webhook", session, tendMs, (limited) =>
          tendEmarketeerWebhook(limited, keepSecret),
        )),
  ]
}

function isClosed(until: Date | null): boolean {
  return until !== null && until.getTime() > Date.now()
}

async function tend(
  what: string,
  session: SyncSession,
  tendMs: number,
  work: (session: SyncSession) => Promise<void>,
): Promise<string[]> {
  const { call, connection, log } = session
  const time = AbortSignal.timeout(tendMs)
  const signal = call.signal ? AbortSignal.any([call.signal, time]) : time
  try {
    signal.throwIfAborted()
    const givenUp = once(signal, 'abort').then(() => Promise.reject(signal.reason as Error))
    // Signing in ignores the signal.
    await Promise.race([work({ ...session, call: { ...call, signal } }), givenUp])
    return []
  } catch (error) {
    if (call.signal?.aborted) {
      throw error
    }
    const { connectionId } = connection
    const { code } = toAppError(error)
    log.warn({ connectionId, code, err: error }, 'the webhooks could not be checked')
    const why = time.aborted ? `no answer within ${tendMs / 1_000} s` : code
    return [`${what} could not be checked (${why})`]
  }
}
