import type { TemporalClient } from '../../config/temporal.js'
import type { DisconnectStatus } from '../../contracts/life-activities.js'
import { workflowIds } from '../../contracts/names.js'
import type { SetupStatus } from '../../contracts/setup.js'
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
 * @throws AppError `run_not_found` where there is neither; `worker_unreachable` where no worker answers for it.
 */
export async function lookAtWork(
  temporal: TemporalClient,
  connectionId: string,
): Promise<WorkLook> {
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

async function newest({ client }: TemporalClient, connectionId: string): Promise<string> {
  const began = async (workflowId: string) => {
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
  const disconnect = workflowIds.disconnect(connectionId)
  const setup = workflowIds.setup(connectionId)
  const [disconnectBegan, setupBegan] = await Promise.all([began(disconnect), began(setup)])
  return disconnectBegan > -Infinity && disconnectBegan >= setupBegan ? disconnect : setup
}
