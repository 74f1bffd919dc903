import { Context } from '@temporalio/activity'
import type { SyncActivities } from '../contracts/sync-activities.js'
import { setConnectionState } from '../ledger/connection/connections.js'
import { expectSweeps, noteSweep } from '../ledger/connection/sweeps.js'
import { noticesOf, noticeSentences } from '../connection/notices.js'
import { failing } from './perform.js'
import { startSweepCron, type CronEnvironment } from './sweep-cron.js'
import { tidyUp } from './tidy-up.js'

type ConnectionActivities = Pick<
  SyncActivities,
  'startSweep' | 'activateConnection' | 'tellNotices' | 'tidyUp' | 'noteSweep'
>

/** Activities of a connection's life. */
export function createConnectionActivities(environment: CronEnvironment): ConnectionActivities {
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

    noteSweep: (note) => failing(() => noteSweep(systems.db, note)),
  }
}
