import type { Client, WorkflowHandle } from '@temporalio/client'
import type { QueueName } from '../../contracts/names.js'

/** A workflow to start. Its input holds references only, never a person. */
export interface WorkflowStart {
  readonly type: string
  readonly workflowId: string
  readonly queue: QueueName
  readonly input: object
  /** 1 = first. */
  readonly priorityKey: number
  /** Whose share of the queue it takes. */
  readonly connectionId: string
  readonly summary: string
}

/** A run that was started, or that was under way already. */
export interface StartedRun {
  readonly handle: WorkflowHandle
  readonly workflowId: string
  readonly runId: string
  readonly joined: boolean
}

/**
 * Starts a workflow; where one with its id runs already, joins that one. Search attributes are left to the workflow: a
 * server that no worker of ours has met yet does not know them, and would refuse the start.
 */
export async function startOrJoin(client: Client, start: WorkflowStart): Promise<StartedRun> {
  const { workflowId } = start
  try {
    const handle = await client.workflow.start(start.type, {
      workflowId,
      taskQueue: start.queue,
      args: [start.input],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      priority: { priorityKey: start.priorityKey, fairnessKey: start.connectionId },
      staticSummary: start.summary,
    })
    return { handle, workflowId, runId: handle.firstExecutionRunId, joined: false }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') {
      throw error
    }
    const handle = client.workflow.getHandle(workflowId)
    const { runId } = await handle.describe()
    return { handle, workflowId, runId, joined: true }
  }
}
