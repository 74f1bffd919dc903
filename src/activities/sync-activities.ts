import type { RunReference, SyncActivities } from '../contracts/sync-activities.js'
import type { WorkReport } from '../contracts/work-report.js'
import { markDue } from '../ledger/address/addresses.js'
import { markAllLinkedDue } from '../ledger/copy/categories.js'
import { endRun } from '../ledger/run/runs.js'
import { catchUpBoth } from '../sync/mirror/catch-up-both.js'
import { drainInbox } from '../sync/run/drain-inbox.js'
import { rehearse } from '../sync/run/rehearse.js'
import type { SyncSession } from '../connection/session.js'
import { settleRun } from '../sync/run/sync-addresses.js'
import { syncCategories } from '../sync/mirror/sync-categories.js'
import { syncDue } from '../sync/run/sync-due.js'
import type { Systems } from '../connection/systems.js'
import { onConnection } from './perform.js'
import { report } from './reports.js'

/** The most batches per activity, so that a retry repeats little. */
const BATCHES_PER_ACTIVITY = 10

type Created = Pick<
  SyncActivities,
  | 'syncCategories'
  | 'catchUpBoth'
  | 'syncDue'
  | 'settleRun'
  | 'drainInbox'
  | 'markForResync'
  | 'rehearse'
>

/** The activities that sync: each takes a reference, calls the sync, and returns counts. */
export function createSyncActivities(systems: Systems): Created {
  const on = <T>(run: RunReference, work: (session: SyncSession) => Promise<T>) =>
    onConnection(systems, run, work)
  return {
    syncCategories: (run) =>
      on(run, async (session): Promise<WorkReport> => {
        await syncCategories(session)
        return report(session)
      }),

    catchUpBoth: (run) =>
      on(run, async (session) => {
        await catchUpBoth(session)
        const unreadable = session.unreadable?.lines() ?? []
        return { ...report(session), ...(unreadable.length === 0 ? {} : { unreadable }) }
      }),

    syncDue: ({ reading, place, ...run }) =>
      on(run, async (session) => {
        const { counts, next } = await syncDue(session, {
          reading,
          range: place,
          loosening: 'stage',
          maxBatches: BATCHES_PER_ACTIVITY,
        })
        return { ...report(session, counts), next }
      }),

    settleRun: (run) =>
      on(run, async (session) => {
        const { counts, held } = await settleRun(session)
        await endRun(session.db, run.runId)
        return report(session, counts, held)
      }),

    drainInbox: ({ shard, ...run }) =>
      on(run, async (session) => {
        const { counts, nextDueMs } = await drainInbox(session, shard)
        await endRun(session.db, run.runId)
        return { ...report(session, counts), nextDueMs }
      }),

    markForResync: ({ addressIds, ...run }) =>
      on(run, async (session) => {
        if (addressIds === null) {
          await markAllLinkedDue(session.db, run.connectionId)
        } else {
          await markDue(session.db, addressIds)
        }
      }),

    rehearse: ({ addressIds, after, ...run }) =>
      on(run, async (session) => {
        const { counts, next } = await rehearse(session, addressIds, after)
        return { ...report(session, counts), next }
      }),
  }
}
