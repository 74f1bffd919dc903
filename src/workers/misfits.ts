import type { Client } from '@temporalio/client'
import { Worker, type WorkflowBundleOption } from '@temporalio/worker'
import { PINNED_WORKFLOWS, QUEUES } from '../contracts/names.js'

/** Query for running workflows that move to the current build. */
const GOING_ALONG =
  `ExecutionStatus = 'Running' AND TaskQueue IN (${quoted(Object.values(QUEUES))})` +
  ` AND WorkflowType NOT IN (${quoted(PINNED_WORKFLOWS)})`

/** A run whose history a build cannot replay. */
export interface Misfit {
  readonly workflowId: string
  readonly runId: string
}

/**
 * Replays the histories of running workflows with a build's workflow code, before the build gets them.
 * @returns the runs whose history does not fit: their tasks would fail while the build has them.
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

/** Whether any of them still runs. A history that did not fit never will, because it only grows. */
export async function anyRuns(client: Client, misfits: readonly Misfit[]): Promise<boolean> {
  for (const { workflowId, runId } of misfits) {
    const described = await ifThere(client.workflow.getHandle(workflowId, runId).describe())
    if (described?.status.name === 'RUNNING') {
      return true
    }
  }
  return false
}

/** Histories in which a worker has done something already. @param runs receives the run of each. */
async function* begunHistories(client: Client, runs: Map<string, string>) {
  for await (const { workflowId, runId } of client.workflow.list({ query: GOING_ALONG })) {
    // The list may be stale; a workflow that was deleted needs no build.
    const history = await ifThere(client.workflow.getHandle(workflowId, runId).fetchHistory())
    if (history?.events?.some((event) => event.workflowTaskCompletedEventAttributes)) {
      runs.set(workflowId, runId)
      yield { workflowId, history }
    }
  }
}

/** Waits for a request about a workflow. @returns null if the workflow does not exist. */
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
