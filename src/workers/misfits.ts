import type { Client } from '@temporalio/client'
import { Worker, type WorkflowBundleOption } from '@temporalio/worker'
import { PINNED_WORKFLOWS, QUEUES } from '../contracts/names.js'

/** Running workflows that go along with the current build, whichever it is. */
const GOING_ALONG =
  `ExecutionStatus = 'Running' AND TaskQueue IN (${quoted(Object.values(QUEUES))})` +
  ` AND WorkflowType NOT IN (${quoted(PINNED_WORKFLOWS)})`

/**
 * Goes through the histories of what runs with the workflows of a build, before the build gets them.
 * @returns ids of workflows whose history does not fit: their tasks would fail for as long as the build has them.
 * @throws the client's errors.
 */
export async function misfitsOf(
  client: Client,
  workflowBundle: WorkflowBundleOption,
): Promise<readonly string[]> {
  const misfits: string[] = []
  const replayed = Worker.runReplayHistories({ workflowBundle }, begunHistories(client))
  for await (const { workflowId, error } of replayed) {
    if (error) {
      misfits.push(workflowId)
    }
  }
  return misfits
}

/** Histories in which a worker has done something already. */
async function* begunHistories(client: Client) {
  for await (const { workflowId, runId } of client.workflow.list({ query: GOING_ALONG })) {
    try {
      const history = await client.workflow.getHandle(workflowId, runId).fetchHistory()
      if (history.events?.some((event) => event.workflowTaskCompletedEventAttributes)) {
        yield { workflowId, history }
      }
    } catch (error) {
      // The list may lag behind; what is gone needs nobody.
      if (!(error instanceof Error) || error.name !== 'WorkflowNotFoundError') {
        throw error
      }
    }
  }
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(', ')
}
