import { Context } from '@temporalio/activity'
import type { Client } from '@temporalio/client'
import { PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import type { SyncActivities } from '../contracts/sync-activities.js'
import { setConnectionState, type ConnectionRow } from '../ledger/connections.js'
import { purgeHandledHints } from '../ledger/inbox.js'
import { noticesOf, noticeSentences } from '../sync/notices.js'
import { tendEmarketeerWebhook } from '../sync/tend-emarketeer-webhook.js'
import { tendWebhooks } from '../sync/tend-webhooks.js'
import type { Systems } from '../sync/systems.js'
import { endWork } from './end-work.js'
import { failing } from './perform.js'

/** What these activities need beside the systems. */
export interface ConnectionActivityOptions {
  readonly systems: Systems
  readonly temporal: Client
}

type ConnectionActivities = Pick<
  SyncActivities,
  'startSweep' | 'activateConnection' | 'tellNotices' | 'tidyUp'
>

/** Activities of a connection's life. */
export function createConnectionActivities(
  options: ConnectionActivityOptions,
): ConnectionActivities {
  const { systems, temporal } = options
  return {
    startSweep: ({ connectionId }) =>
      failing(async () => {
        const connection = await systems.connection(connectionId)
        if (!maySweep(connection)) {
          return
        }
        const { crm } = connection
        await temporal.workflow.start('backgroundSweep', {
          workflowId: workflowIds.sweep(connectionId),
          taskQueue: QUEUES.sweep,
          args: [{ connectionId }],
          cronSchedule: sweepCron(connectionId),
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          priority: { priorityKey: PRIORITY.sweep, fairnessKey: connectionId },
          typedSearchAttributes: searchAttributes({
            connectionId,
            crm,
            phase: 'waiting',
            tier: 'sweep',
          }),
          staticSummary: `Sweep of ${connectionId}, ${sweepCron(connectionId)}`,
          memo: { cron: sweepCron(connectionId) },
        })
        // Disabled or paused while it was started: whoever did so may have looked for it before it was there.
        if (!maySweep(await systems.connection(connectionId))) {
          await endWork(temporal, connectionId, ['cron'], 'The connection may not be swept')
        }
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
        await purgeHandledHints(systems.db, connectionId)
        const { workflowExecution } = Context.current().info
        const run = { connectionId, runId: NO_RUN, tier: 'sweep' } as const
        const session = await systems.session(
          { ...run, workflowId: workflowExecution?.workflowId ?? '' },
          { signal: Context.current().cancellationSignal },
        )
        await tendWebhooks(session)
        if (maySweep(session.connection)) {
          await tendEmarketeerWebhook(session, (secret) =>
            systems.keepWebhookSecret(connectionId, secret),
          )
        }
      }),
  }
}

/** Tidying up belongs to no sync run. */
const NO_RUN = '00000000-0000-0000-0000-000000000000'

/** An activity may outlive the workflow that asked for it, and end after the connection was disabled or paused. */
function maySweep({ state, pauseMode }: ConnectionRow): boolean {
  switch (state) {
    case 'settingUp':
    case 'active':
      return true
    case 'paused':
      return pauseMode === 'loosening'
    case 'disabled':
    case 'implicit':
      return false
  }
}

/** Every half hour, at a minute that spreads connections over it. */
export function sweepCron(connectionId: string): string {
  let hash = 0
  for (const char of connectionId) {
    hash = (hash * 31 + char.codePointAt(0)!) % 30
  }
  return `${hash},${hash + 30} * * * *`
}
