import type { Client } from '@temporalio/client'
import { AppError } from '../contracts/app-error.js'
import { PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import type { SetupPlan, SyncActivities } from '../contracts/sync-activities.js'
import type { SecretsVault } from '../config/secrets-vault.js'
import { CHANGE_TYPES } from '../emarketeer/index.js'
import {
  mergeFacts,
  saveEmarketeerWebhookSecret,
  setConnectionState,
} from '../ledger/connections.js'
import { purgeHandledHints } from '../ledger/inbox.js'
import { requireCrm } from '../sync/session.js'
import type { Systems } from '../sync/systems.js'
import { failing, onConnection } from './perform.js'

/** What these activities need beside the systems. */
export interface ConnectionActivityOptions {
  readonly systems: Systems
  readonly vault: SecretsVault
  readonly temporal: Client
  /** Where webhooks reach the gateway. */
  readonly publicUrl: string
}

/** Steps that every CRM has, after its own ones. */
const COMMON_STEPS: SetupPlan['steps'] = [
  { id: 'webhooks', title: 'Let both systems report changes', weight: 5 },
  { id: 'categories', title: 'Bring the subscription categories over', weight: 5 },
  { id: 'firstSync', title: 'Sync all contacts for the first time', weight: 40 },
  { id: 'sweep', title: 'Start the background sweep', weight: 2 },
]

type ConnectionActivities = Pick<
  SyncActivities,
  'planSetup' | 'runSetupStep' | 'installWebhooks' | 'startSweep' | 'activateConnection' | 'tidyUp'
>

/** Activities of a connection's life. */
export function createConnectionActivities(
  options: ConnectionActivityOptions,
): ConnectionActivities {
  const { systems, vault, temporal, publicUrl } = options
  const runOf = (connectionId: string) => ({ connectionId, runId: NO_RUN, tier: 'setup' }) as const
  return {
    planSetup: ({ connectionId }) =>
      failing(async () => {
        const connection = await systems.connection(connectionId)
        const driver = systems.driverOf(connection)
        if (!driver) {
          throw new AppError('crm_not_supported', `There is no set-up for CRM ${connection.crm}.`)
        }
        const own = driver.setupSteps.map(({ id, title, weight }) => ({ id, title, weight }))
        return { connectionId, crm: connection.crm, steps: [...own, ...COMMON_STEPS] }
      }),

    runSetupStep: ({ connectionId, stepId }) =>
      onConnection(systems, runOf(connectionId), async (session) => {
        const driver = systems.driverOf(session.connection)
        const step = driver?.setupSteps.find(({ id }) => id === stepId)
        if (!step) {
          throw new AppError('internal', `There is no set-up step ${stepId}.`)
        }
        const facts = await step.run(requireCrm(session).session, session.call)
        await mergeFacts(session.db, connectionId, facts)
      }),

    installWebhooks: ({ connectionId }) =>
      onConnection(systems, runOf(connectionId), async (session) => {
        const { webhookRef } = session.connection
        const facts = await requireCrm(session).session.installWebhooks(
          { url: `${publicUrl}/hooks/crm/${webhookRef}` },
          session.call,
        )
        await mergeFacts(session.db, connectionId, facts)
        const { secret } = await session.emarketeer.putWebhook(
          { url: `${publicUrl}/hooks/em/${webhookRef}`, events: CHANGE_TYPES },
          session.call,
        )
        await saveEmarketeerWebhookSecret(
          session.db,
          connectionId,
          vault.seal(secret, { connectionId, field: 'emarketeer.webhookSecret' }),
        )
      }),

    startSweep: ({ connectionId }) =>
      failing(async () => {
        const { crm } = await systems.connection(connectionId)
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
      }),

    activateConnection: ({ connectionId }) =>
      failing(() => setConnectionState(systems.db, connectionId, 'active')),

    tidyUp: ({ connectionId }) =>
      failing(async () => {
        await purgeHandledHints(systems.db, connectionId)
      }),
  }
}

/** Set-up steps belong to no sync run. */
const NO_RUN = '00000000-0000-0000-0000-000000000000'

/** Every half hour, at a minute that spreads connections over it. */
export function sweepCron(connectionId: string): string {
  let hash = 0
  for (const char of connectionId) {
    hash = (hash * 31 + char.codePointAt(0)!) % 30
  }
  return `${hash},${hash + 30} * * * *`
}
