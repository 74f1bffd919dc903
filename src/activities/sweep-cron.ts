import type { Client } from '@temporalio/client'
import { PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import { listConnections, type ConnectionRow } from '../ledger/connection/connections.js'
import { permitsOf } from '../domain/connection-state.js'
import { noteCronRestarted } from '../ledger/connection/sweeps.js'
import type { Systems } from '../connection/systems.js'
import { endWork } from './end-work.js'

/** The dependencies of starting and restoring cron workflows. */
export interface CronEnvironment {
  readonly systems: Systems
  readonly temporal: Client
}

/** Starts a connection's cron if the connection may be swept. Leaves a running one alone. */
export async function startSweepCron(
  { systems, temporal }: CronEnvironment,
  connectionId: string,
): Promise<void> {
  const connection = await systems.connection(connectionId)
  if (!permitsOf(connection).sweeps) {
    return
  }
  await start(temporal, connectionId, connection.crm)
  // A person who disabled or paused the connection meanwhile may have looked for the cron before it existed.
  if (!permitsOf(await systems.connection(connectionId)).sweeps) {
    await endWork(temporal, connectionId, ['cron'], ENDED)
  }
}

/** Connection ids of the crons that were started and ended. */
export interface RestoredCrons {
  readonly restarted: readonly string[]
  readonly ended: readonly string[]
  /** Failures of single connections. They do not stop the work on the others. */
  readonly failures: readonly unknown[]
}

/**
 * Starts the missing cron of each connection that is to be swept, and ends all other crons: somebody may have
 * terminated or deleted one, or a namespace may be new or restored from a backup.
 * @throws the client's and the database's errors; retryable.
 */
export async function restoreSweepCrons(environment: CronEnvironment): Promise<RestoredCrons> {
  const running = await runningCrons(environment.temporal)
  const restarted: string[] = []
  const ended: string[] = []
  const failures: unknown[] = []
  for (const connection of await listConnections(environment.systems.db)) {
    const { connectionId } = connection
    const runs = running.has(workflowIds.sweep(connectionId))
    try {
      if (!runs && (await startIfGone(environment, connection))) {
        restarted.push(connectionId)
      } else if (runs && (await endIfUnwanted(environment, connection))) {
        ended.push(connectionId)
      }
    } catch (error) {
      failures.push(error)
    }
  }
  return { restarted, ended, failures }
}

async function startIfGone(
  environment: CronEnvironment,
  connection: ConnectionRow,
): Promise<boolean> {
  const { connectionId, state } = connection
  // Set-up starts its own cron at its end. The list of running crons may lag.
  if (
    state === 'settingUp' ||
    !permitsOf(connection).sweeps ||
    (await isRunning(environment.temporal, connectionId))
  ) {
    return false
  }
  await noteCronRestarted(environment.systems.db, connectionId)
  await startSweepCron(environment, connectionId)
  return true
}

async function endIfUnwanted(
  environment: CronEnvironment,
  connection: ConnectionRow,
): Promise<boolean> {
  const { connectionId } = connection
  if (
    permitsOf(connection).sweeps ||
    permitsOf(await environment.systems.connection(connectionId)).sweeps
  ) {
    return false
  }
  await endWork(environment.temporal, connectionId, ['cron'], ENDED)
  return true
}

const ENDED = 'The connection may not be swept'

/** The running crons according to visibility, which may lag. */
async function runningCrons(temporal: Client): Promise<ReadonlySet<string>> {
  const query = `WorkflowType = 'backgroundSweep' AND ExecutionStatus = 'Running'`
  const ids = new Set<string>()
  for await (const { workflowId } of temporal.workflow.list({ query })) {
    ids.add(workflowId)
  }
  return ids
}

async function isRunning(temporal: Client, connectionId: string): Promise<boolean> {
  try {
    const handle = temporal.workflow.getHandle(workflowIds.sweep(connectionId))
    return (await handle.describe()).status.name === 'RUNNING'
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') {
      return false
    }
    throw error
  }
}

async function start(temporal: Client, connectionId: string, crm: string): Promise<void> {
  const cron = sweepCron(connectionId)
  await temporal.workflow.start('backgroundSweep', {
    workflowId: workflowIds.sweep(connectionId),
    taskQueue: QUEUES.sweep,
    args: [{ connectionId }],
    cronSchedule: cron,
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    priority: { priorityKey: PRIORITY.sweep, fairnessKey: connectionId },
    typedSearchAttributes: searchAttributes({ connectionId, crm, phase: 'waiting', tier: 'sweep' }),
    staticSummary: `Sweep of ${connectionId}, ${cron}`,
    memo: { cron },
  })
}

/** Every 30 minutes, at a minute that spreads the connections. */
export function sweepCron(connectionId: string): string {
  let hash = 0
  for (const char of connectionId) {
    hash = (hash * 31 + char.codePointAt(0)!) % 30
  }
  return `${hash},${hash + 30} * * * *`
}
