import type { Client } from '@temporalio/client'

/** Runs of a workflow id, first to last, as the server lists them; none if it never ran. */
export async function runIdsOf(client: Client, workflowId: string): Promise<string[]> {
  const runs: { readonly runId: string; readonly at: number }[] = []
  for await (const { runId, startTime } of client.workflow.list({
    query: `WorkflowId = '${workflowId}'`,
  })) {
    runs.push({ runId, at: startTime.getTime() })
  }
  return runs.sort((a, b) => a.at - b.at).map(({ runId }) => runId)
}
