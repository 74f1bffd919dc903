import type { Client, WorkflowHandle } from '@temporalio/client'
import type { TypedSearchAttributes } from '@temporalio/common'
import { fairnessKey, type QueueName } from '../contracts/names.js'

/** A workflow to start. Its input holds references only, never a person. */
export interface WorkflowStart {
  readonly type: string
  readonly workflowId: string
  readonly queue: QueueName
  readonly input: object
  /** 1 = first. */
  readonly priorityKey: number
  /** Connection whose share of the queue it uses; absent: none. */
  readonly connectionId?: string
  readonly summary: string
  /** For Support only; no code reads it. */
  readonly memo?: Readonly<Record<string, unknown>>
  /**
   * Absent: the workflow sets them. A server that has never seen one of our workers does not know these attributes, and
   * refuses the start.
   */
  readonly searchAttributes?: TypedSearchAttributes
  /**
   * Asks a running workflow whether it does what this start asks for. The workflow itself answers; the memo is not
   * consulted.
   * @throws if it does something else.
   */
  readonly join?: (handle: WorkflowHandle) => Promise<unknown>
}

/** A run that was started, or that ran already. */
export interface StartedRun {
  readonly handle: WorkflowHandle
  readonly workflowId: string
  readonly runId: string
  readonly joined: boolean
}

/** The running one may end while we ask it; then a new one is started. */
const TRIES = 3

/**
 * Starts a workflow; if one with its id runs already, joins that one. Does not use update-with-start, which needs a
 * worker's answer: a start needs no worker.
 */
export async function startOrJoin(client: Client, start: WorkflowStart): Promise<StartedRun> {
  for (let tries = 1; ; tries += 1) {
    const started = await startNew(client, start)
    if (started !== null) {
      return started
    }
    try {
      const handle = client.workflow.getHandle(start.workflowId)
      const { runId } = await handle.describe()
      await start.join?.(handle)
      return { handle, workflowId: start.workflowId, runId, joined: true }
    } catch (error) {
      if (tries === TRIES || !(error instanceof Error) || error.name !== 'WorkflowNotFoundError') {
        throw error
      }
    }
  }
}

/** Starts a new run. @returns null if one runs already. */
async function startNew(
  client: Client,
  { type, workflowId, queue, input, priorityKey, connectionId, ...more }: WorkflowStart,
): Promise<StartedRun | null> {
  try {
    const handle = await client.workflow.start(type, {
      workflowId,
      taskQueue: queue,
      args: [input],
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      priority: {
        priorityKey,
        ...(connectionId === undefined ? {} : { fairnessKey: fairnessKey(connectionId) }),
      },
      staticSummary: more.summary,
      ...(more.memo ? { memo: more.memo } : {}),
      ...(more.searchAttributes ? { typedSearchAttributes: more.searchAttributes } : {}),
    })
    return { handle, workflowId, runId: handle.firstExecutionRunId, joined: false }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'WorkflowExecutionAlreadyStartedError') {
      throw error
    }
    return null
  }
}
