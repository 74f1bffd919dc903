import type { Client } from '@temporalio/client'
import { AppError } from '../contracts/app-error.js'
import type { DisconnectPlan, LifecycleActivities } from '../contracts/lifecycle-activities.js'
import { hookPath, PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import type { RunReference } from '../contracts/sync-activities.js'
import {
  disableConnection,
  saveStepDecision,
  pauseConnection,
  resumeConnection,
} from '../ledger/connection/connection-life.js'
import {
  mergeFacts,
  type ConnectionRow,
  findRunningOfCrm,
} from '../ledger/connection/connections.js'
import { resetBothBreakers } from '../ledger/connection/breakers.js'
import { retiredAddresses } from '../ledger/connection/webhook-addresses.js'
import {
  countUnsavedNos,
  forgetInstallation,
  forgetRegisteredWebhooks,
  saveRemovalBegun,
} from '../ledger/connection/removal.js'
import { requireCrm, type SyncSession } from '../connection/session.js'
import type { Systems } from '../connection/systems.js'
import { SetupPaused, withMeaning, type CrmDriver } from '../crm/crm.js'
import { endWork } from './end-work.js'
import { preserveOptOuts } from './preserve-opt-outs.js'
import { failing, onConnection, NO_RUN } from './perform.js'
import { isRecord } from '../config/connection/json-object.js'
import type { Queryable } from '../ledger/db/database.js'

export interface LifeActivityOptions {
  readonly systems: Systems
  readonly temporal: Client
}

/** Activities of a connection's lifecycle (docs/life-of-a-connection.md). */
export function createLifecycleActivities({
  systems,
  temporal,
}: LifeActivityOptions): LifecycleActivities {
  const { db } = systems
  /** Runs teardown of a connection, in any state of it. */
  const apart = <T>(connectionId: string, work: (session: SyncSession) => Promise<T>) => {
    const run: RunReference = { connectionId, runId: NO_RUN, tier: 'manual' }
    return onConnection(systems, run, work, { allowInactive: true })
  }
  return {
    planDisconnect: ({ connectionId, removeInstalled }) =>
      failing(async () => {
        const connection = await systems.connection(connectionId)
        const driver = systems.driverOf(connection)
        if (removeInstalled) {
          await refuseShared(db, connection, driver)
        }
        const steps = driver?.setupSteps ?? []
        const undo = steps.map(({ id, title, weight }) => ({ id, title, weight })).reverse()
        return {
          crm: connection.crm,
          nothingToSave: removeInstalled ? nothingToSave(connection) : null,
          undo: removeInstalled ? undo : [],
        } satisfies DisconnectPlan
      }),

    disableConnection: ({ removeInstalled, ...intervention }) =>
      failing(() => db.transaction((tx) => disableConnection(tx, intervention, removeInstalled))),

    endWork: ({ connectionId, kinds, reason }) =>
      failing(() => endWork(temporal, connectionId, kinds, reason)),

    removeCrmWebhooks: ({ connectionId }) =>
      apart(connectionId, async (session) => {
        refuseUnlessDisabled(session.connection)
        const facts = await requireCrm(session).client.removeWebhooks(session.call)
        await db.transaction(async (tx) => {
          await mergeFacts(tx, connectionId, facts)
          await forgetRegisteredWebhooks(tx, connectionId)
        })
      }),

    // Does not open the CRM's side, because its secret may already have been removed.
    removeEmarketeerWebhook: ({ connectionId }) =>
      failing(async () => {
        const connection = await systems.connection(connectionId)
        refuseUnlessDisabled(connection)
        const { accountId, webhookRef } = connection
        const retired = await retiredAddresses(db, connectionId)
        const refs = [webhookRef, ...retired.map((address) => address.webhookRef)]
        const emarketeer = systems.emarketeerOf(accountId)
        const registered = await emarketeer.getWebhook()
        if (refs.some((ref) => registered?.url.endsWith(hookPath('em', ref)))) {
          await emarketeer.deleteWebhook()
        }
      }),

    countUnsaved: ({ connectionId }) => failing(() => countUnsavedNos(db, connectionId)),

    keepSubscriptions: ({ connectionId }) =>
      apart(connectionId, async (session) => ({ kept: await preserveOptOuts(session) })),

    undoSetupStep: ({ connectionId, stepId, choice }) =>
      apart(connectionId, async (session) => {
        const { connection, call } = session
        refuseUnlessDisabled(connection)
        const driver = systems.driverOf(connection)
        await refuseShared(db, connection, driver)
        const step = driver?.setupSteps.find(({ id }) => id === stepId)
        if (!driver || !step) {
          throw new AppError('internal', `There is no set-up step ${stepId}.`)
        }
        await saveRemovalBegun(db, connectionId, true)
        const context = { ...call, choice, subscriptionSync: connection.subscriptionSync }
        try {
          const facts = await step.undo(requireCrm(session).client, context)
          await mergeFacts(db, connectionId, facts)
          return null
        } catch (error) {
          if (error instanceof SetupPaused) {
            return withMeaning(error.pause, driver)
          }
          throw error
        }
      }),

    forgetInstallation: ({ connectionId }) =>
      failing(() => db.transaction((tx) => forgetInstallation(tx, connectionId))),

    keepStepDecision: ({ step, action, ...intervention }) =>
      failing(async () => {
        await saveStepDecision(db, intervention, step, action)
        // A person reports that the fault is fixed, so a tripped breaker must not refuse the next try.
        await resetBothBreakers(db, intervention.connectionId)
      }),

    pauseConnection: ({ mode, ...intervention }) =>
      failing(() => db.transaction((tx) => pauseConnection(tx, intervention, mode))),

    resumeConnection: (intervention) =>
      failing(() => db.transaction((tx) => resumeConnection(tx, intervention))),

    sweepNow: ({ connectionId }) =>
      failing(async () => {
        const { crm } = await systems.connection(connectionId)
        await temporal.workflow.start('sweepRun', {
          workflowId: workflowIds.sweepRun(connectionId),
          taskQueue: QUEUES.sweep,
          args: [{ connectionId }],
          workflowIdConflictPolicy: 'USE_EXISTING',
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          priority: { priorityKey: PRIORITY.sweep, fairnessKey: connectionId },
          typedSearchAttributes: searchAttributes({
            connectionId,
            crm,
            phase: 'running',
            tier: 'sweep',
          }),
          staticSummary: `Sweep of ${connectionId}`,
        })
      }),
  }
}

/**
 * Refuses the steps of a disconnect that was reset in Temporal after its connection was enabled again.
 * @throws AppError `connection_not_disabled`, not retryable.
 */
function refuseUnlessDisabled({ connectionId, state }: ConnectionRow): void {
  if (state !== 'disabled') {
    throw new AppError('connection_not_disabled', `Connection ${connectionId} is ${state}.`)
  }
}

/**
 * Why a removal has nothing to save while the connection still syncs; null if it has.
 * @throws AppError `connection_paused`, not retryable: nothing may be written, so that a rep's answers would be removed
 * unread.
 */
function nothingToSave({ connectionId, state, crmProvenAt }: ConnectionRow): string | null {
  switch (state) {
    case 'paused':
      throw new AppError('connection_paused', `Connection ${connectionId} is paused.`)
    case 'active':
      return null
    case 'settingUp':
      return crmProvenAt === null ? 'Nothing was synced yet.' : null
    case 'disabled':
    case 'implicit':
      return 'The connection is disabled, so nothing more is synced.'
  }
}

/**
 * Refuses a removal while another connection uses the same environment, because what set-up installed serves all its
 * connections (a table has only one name).
 * @throws AppError `environment_shared`, not retryable.
 */
async function refuseShared(
  db: Queryable,
  connection: ConnectionRow,
  driver: CrmDriver | null,
): Promise<void> {
  const own = environmentOf(connection, driver)
  const others = await findRunningOfCrm(db, connection.crm)
  const other = others.find(
    (one) =>
      one.connectionId !== connection.connectionId &&
      own !== null &&
      environmentOf(one, driver) === own,
  )
  if (other !== undefined) {
    throw new AppError(
      'environment_shared',
      `Connection ${other.connectionId} (${other.state}) uses the same environment, and what is installed there.`,
      { path: 'connectionId', value: connection.connectionId },
    )
  }
}

/** The environment as comparable text; null if the configuration does not name one. */
function environmentOf({ config }: ConnectionRow, driver: CrmDriver | null): string | null {
  const section = config['section']
  if (!isRecord(section)) {
    return null
  }
  const values = (driver?.environmentPaths ?? []).flatMap((name) => {
    const value = section[name]
    return typeof value === 'string' ? [comparable(value)] : []
  })
  return values.length === 0 ? null : values.join(' ')
}

function comparable(value: string): string {
  const address = URL.canParse(value) ? new URL(value) : null
  const text = address === null ? value : `${address.host}${address.pathname}`
  return text.toLowerCase().replace(/\/+$/, '')
}
