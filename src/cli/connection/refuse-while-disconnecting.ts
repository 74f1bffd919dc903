import type { TemporalClient } from '../../config/temporal.js'
import { AppError } from '../../contracts/app-error.js'
import { workflowIds } from '../../contracts/names.js'

/**
 * A connection that is being taken apart is not enabled at the same time: one would remove what the other installs.
 * @throws AppError `disconnect_running`.
 */
export async function refuseWhileDisconnecting(
  { client }: TemporalClient,
  connectionId: string,
): Promise<void> {
  const workflowId = workflowIds.disconnect(connectionId)
  if (await isRunning(client, workflowId)) {
    throw new AppError('disconnect_running', `${workflowId} has not ended yet.`, {
      path: 'connectionId',
      value: connectionId,
    })
  }
}

async function isRunning(client: TemporalClient['client'], workflowId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(workflowId).describe()
    return status.name === 'RUNNING'
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') {
      return false
    }
    throw error
  }
}
