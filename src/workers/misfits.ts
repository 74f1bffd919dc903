import type { Client } from '@temporalio/client'
import { Worker, type WorkflowBundleOption } from '@temporalio/worker'
import { PINNED_WORKFLOWS, QUEUES } from '../contracts/names.js'

/** Running workflows that go along with the current build, whichever it is. */
const GOING_ALONG =
  `ExecutionStatus = 'Running' AND TaskQueue IN (${quoted(Object.values(QUEUES))})` +
  ` AND WorkflowType NOT IN (${quoted(PINNED_WORKFLOWS)})`

/** A run whose history a build cannot go through. */
export interface Misfit {
  readonly workflowId: string
  readonly runId: string
}

/**
 * Goes through the histories of what runs with the workflows of a build, before the build gets them.
 * @returns those whose history does not fit: their tasks would fail for as long as the build has them.
 * @throws the client's errors.
 */
export async function misfitsOf(
  client: Client,
  workflowBundle: WorkflowBundleOption,
): Promise<readonly Misfit[]> {
  const misfits: Misfit[] = []
  const runs = new Map<string, string>()
  const replayed = Worker.runReplayHistories({ workflowBundle }, begunHistories(client, runs))
  for await (const { workflowId, error } of replayed) {
    if (error) {
      misfits.push({ workflowId, runId: runs.get(workflowId)! })
    }
  }
  return misfits
}

/** Whether any of them runs still. What did not fit once never comes to: its history only grows. */
export async function anyRuns(client: Client, misfits: readonly Misfit[]): Promise<boolean> {
  for (const { workflowId, runId } of misfits) {
    const described = await ifThere(client.workflow.getHandle(workflowId, runId).describe())
    if (described?.status.name === 'RUNNING') {
      return true
    }
  }
  return false
}

/** Histories in which a worker has done something already. @param runs gets the run of each. */
async function* begunHistories(client: Client, runs: Map<string, string>) {
  for await (const { workflowId, runId } of client.workflow.list({ query: GOING_ALONG })) {
    // The list may lag behind; what is gone needs nobody.
    const history = await ifThere(client.workflow.getHandle(workflowId, runId).fetchHistory())
    if (history?.events?.some((event) => event.workflowTaskCompletedEventAttributes)) {
      runs.set(workflowId, runId)
      yield { workflowId, history }
    }
  }
}

/** null: the workflow is gone. */
async function ifThere<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked
  } catch (error) {
    if (error instanceof Error && error.name === 'WorkflowNotFoundError') {
      return null
    }
    throw error
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
