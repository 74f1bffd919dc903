import type { Client } from '@temporalio/client'
import { PINNED_WORKFLOWS } from '../contracts/names.js'

const PINNED =
  `ExecutionStatus = 'Running' AND WorkflowType IN (` +
  `${PINNED_WORKFLOWS.map((type) => `'${type}'`).join(', ')})`

/**
 * Ends runs that stay with the build on which they began, where no worker of that build is left: nobody would ever go on
 * with them. They lose nothing: what was due is due, and the cron tries a sweep again.
 *
 * @param served builds that workers poll for.
 * @returns ids of the workflows that were ended.
 * @throws the client's errors.
 */
export async function endStranded(
  client: Client,
  served: ReadonlySet<string>,
): Promise<readonly string[]> {
  const ended: string[] = []
  for await (const { workflowId, runId } of client.workflow.list({ query: PINNED })) {
    const handle = client.workflow.getHandle(workflowId, runId)
    const { raw, status } = await handle.describe()
    const buildId = raw.workflowExecutionInfo?.versioningInfo?.deploymentVersion?.buildId
    if (status.name === 'RUNNING' && buildId && !served.has(buildId)) {
      await handle.terminate('No worker of the build on which it began is left')
      ended.push(workflowId)
    }
  }
  return ended
}
