import { Context } from '@temporalio/activity'
import type { ErrorCode } from '../contracts/error-catalogue.js'
import type { SyncActivities } from '../contracts/sync-activities.js'
import { setConnectionState } from '../ledger/connection/connections.js'
import { expectSweeps, noteSweep } from '../ledger/connection/sweeps.js'
import { noticesOf, noticeSentences } from '../connection/notices.js'
import { failing } from './perform.js'
import { startSweepCron, type CronEnvironment } from './sweep-cron.js'
import { tidyUp } from './tidy-up.js'

type SweepActivities = Pick<
  SyncActivities,
  'startSweep' | 'activateConnection' | 'tellNotices' | 'tidyUp' | 'noteSweep'
>

const NOT_SWEPT: ReadonlySet<string> = new Set<ErrorCode>([
  'connection_disabled',
  'connection_paused',
])

/** Activities of a connection's sweep: its cron, what it leaves in order, and what it tells. */
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

    // What was refused by how the connection stands was no sweep of it: it would be told as the last one after it goes on.
    noteSweep: (note) =>
      failing(async () => {
        if (note.code === null || !NOT_SWEPT.has(note.code)) {
          await noteSweep(systems.db, note)
        }
      }),
  }
}
