import type { Client } from '@temporalio/client'
import { PINNED_WORKFLOWS, QUEUES } from '../contracts/names.js'
import type { Served } from './deployment.js'

const PINNED =
  `ExecutionStatus = 'Running' AND WorkflowType IN (` +
  `${PINNED_WORKFLOWS.map((type) => `'${type}'`).join(', ')})`

/**
 * Ends runs that stay with the build on which they began, where no worker of that build is left on their queue: nobody
 * would ever go on with them. They lose nothing: what was due is due, and the cron tries a sweep again.
 *
 * @param current the build that gets the work: its runs go on as soon as a worker of it comes.
 * @returns ids of the workflows that were ended.
 * @throws the client's errors.
 */
export async function endStranded(
  client: Client,
  current: string,
  served: Served,
): Promise<readonly string[]> {
  const ended: string[] = []
  for await (const { workflowId, runId } of client.workflow.list({ query: PINNED })) {
    const handle = client.workflow.getHandle(workflowId, runId)
    const { raw, status, taskQueue } = await handle.describe()
    const buildId = raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId
    const queue = Object.values(QUEUES).find((name) => name === taskQueue)
    const isStranded = buildId && buildId !== current && queue && !served.get(buildId)?.has(queue)
    if (status.name === 'RUNNING' && isStranded) {
      await handle.terminate('No worker of the build on which it began is left')
      ended.push(workflowId)
    }
  }
  return ended
}
