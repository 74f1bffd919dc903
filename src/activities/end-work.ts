import type { Client } from '@temporalio/client'
import type { WorkKind } from '../contracts/lifecycle-activities.js'
import { INBOX_SHARDS, workflowIds } from '../contracts/names.js'

/**
 * Terminates workflows of a connection. A cancellation would not stop a cron. The connection's state refuses their
 * work, which is safe to interrupt at any point.
 * @param reason shown by Temporal; our own text, never a person's.
 * @throws the client's errors; retryable.
 */
export async function endWork(
  temporal: Client,
  connectionId: string,
  kinds: readonly WorkKind[],
  reason: string,
): Promise<void> {
  for (const kind of kinds) {
    for (const workflowId of await idsOf(temporal, connectionId, kind)) {
      await terminate(temporal, workflowId, reason)
    }
  }
}

async function idsOf(
  temporal: Client,
  connectionId: string,
  kind: WorkKind,
): Promise<readonly string[]> {
  switch (kind) {
    case 'starters':
      return [
        workflowIds.setup,
        workflowIds.pause,
        workflowIds.resume,
        workflowIds.rotateWebhooks,
      ].map((id) => id(connectionId))
    case 'cron':
      return [workflowIds.sweep(connectionId)]
    case 'runs':
      return [
        workflowIds.sweepRun(connectionId),
        ...Array.from({ length: INBOX_SHARDS }, (_, shard) =>
          workflowIds.inbox(connectionId, shard),
        ),
        ...(await runningResyncs(temporal, connectionId)),
      ]
  }
}

/** Their ids end in the time of the request, so that only visibility can list them. */
async function runningResyncs(temporal: Client, connectionId: string): Promise<string[]> {
  const query =
    `WorkflowType = 'resync' AND ConnectionId = '${connectionId}'` +
    ` AND ExecutionStatus = 'Running'`
  const ids: string[] = []
  for await (const { workflowId } of temporal.workflow.list({ query })) {
    ids.push(workflowId)
  }
  return ids
}

async function terminate(temporal: Client, workflowId: string, reason: string): Promise<void> {
  try {
    await temporal.workflow.getHandle(workflowId).terminate(reason)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'WorkflowNotFoundError') {
      throw error
    }
  }
}
