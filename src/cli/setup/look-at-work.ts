import type { TemporalClient } from '../../config/temporal.js'
import type { DisconnectStatus } from '../../contracts/lifecycle-activities.js'
import { AppError } from '../../contracts/app-error.js'
import { workflowIds } from '../../contracts/names.js'
import type { SetupStatus } from '../../contracts/setup.js'
import type { ConnectionState } from '../../domain/connection-state.js'
import { lookAt, type SetupLook } from './look-at-setup.js'
import { workOf } from './work.js'

/** Set-up, or what takes the connection apart, at one moment. */
export interface WorkLook extends SetupLook {
  readonly workflowId: string
  /** As the workflow answered. */
  readonly answer: SetupStatus | DisconnectStatus
}

/**
 * Asks what Support would decide: the disconnect where one runs, else whichever of set-up and disconnect began last.
 * Only one of them runs at a time: a disconnect ends set-up, and applying is refused while one runs.
 *
 * @param stateNow the connection's state, where the ledger may be asked: one that is being set up, and neither runs nor has
 *   failed, was applied by somebody who did not come to start set-up.
 * @throws AppError `run_not_found` where there is neither; `setup_not_running`; `worker_unreachable` where no worker answers for it.
 */
export async function lookAtWork(
  temporal: TemporalClient,
  connectionId: string,
  stateNow: () => Promise<ConnectionState | null> = () => Promise.resolve(null),
): Promise<WorkLook> {
  const look = await lookAtNewest(temporal, connectionId).catch((error: unknown) => {
    if (error instanceof AppError && error.code === 'run_not_found') {
      return error
    }
    throw error
  })
  const told =
    !(look instanceof AppError) &&
    (look.ended === null || (look.work === undefined && look.status.phase !== 'done'))
  // Asked after: set-up makes it active before it ends.
  if (!told && (await stateNow()) === 'settingUp') {
    throw setUpNotRunning(connectionId)
  }
  if (look instanceof AppError) {
    throw look
  }
  return look
}

/** What a connection that is being set up is told as, where its set-up does not run. */
export function setUpNotRunning(connectionId: string): AppError {
  const message = `${connectionId} is being set up, and its set-up does not run.`
  return new AppError('setup_not_running', message, { path: 'connectionId', value: connectionId })
}

/** Whether a connection's set-up runs. @throws the errors of Temporal's client. */
export async function setUpRuns(temporal: TemporalClient, connectionId: string): Promise<boolean> {
  return (await began(temporal, workflowIds.setup(connectionId))) === Infinity
}

async function lookAtNewest(temporal: TemporalClient, connectionId: string): Promise<WorkLook> {
  const workflowId = await newest(temporal, connectionId)
  const { answer, ended } = await lookAt<SetupStatus | DisconnectStatus>(
    temporal,
    connectionId,
    workflowId,
  )
  if (!('removeInstalled' in answer)) {
    return { workflowId, answer, status: answer, ended }
  }
  // A disconnect is not held back, and does not guess how long it takes.
  const status = { ...answer, remainingSeconds: 0, heldBy: null }
  return { workflowId, answer, status, ended, work: workOf(answer) }
}

async function newest(temporal: TemporalClient, connectionId: string): Promise<string> {
  const disconnect = workflowIds.disconnect(connectionId)
  const setup = workflowIds.setup(connectionId)
  const [disconnectBegan, setupBegan] = await Promise.all([
    began(temporal, disconnect),
    began(temporal, setup),
  ])
  return disconnectBegan > -Infinity && disconnectBegan >= setupBegan ? disconnect : setup
}

/** Unix ms; Infinity: it runs; -Infinity: Temporal knows none. */
async function began({ client }: TemporalClient, workflowId: string): Promise<number> {
  try {
    const { status, startTime } = await client.workflow.getHandle(workflowId).describe()
    return status.name === 'RUNNING' ? Infinity : startTime.getTime()
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') {
      return -Infinity
    }
    throw error
  }
}
