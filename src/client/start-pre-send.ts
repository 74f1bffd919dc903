import type { Client } from '@temporalio/client'
import { AppError } from '../contracts/app-error.js'
import { PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import type { PreSendRequest } from '../contracts/pre-send.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import { preSendHandle, type PreSendHandle } from './pre-send-handle.js'
import { toClientError } from './workflow-error.js'

/**
 * Starts workflow `preSend`; one of the same sendout and stage that runs is joined, one that ended is followed by a new
 * run (rule G1).
 *
 * @throws AppError `temporal_unreachable`; `sendout_of_another_account` where the one that runs was asked for by
 *   another.
 */
export async function startPreSend(
  temporal: Client,
  request: PreSendRequest,
): Promise<PreSendHandle> {
  const { connectionId, accountId, sendoutId, stage } = request
  const asker = connectionId ?? accountId
  try {
    const started = await temporal.workflow.start('preSend', {
      workflowId: workflowIds.preSend(sendoutId, stage),
      taskQueue: QUEUES.preSend,
      args: [request],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      priority: {
        priorityKey: PRIORITY.preSend,
        ...(asker === undefined ? {} : { fairnessKey: asker }),
      },
      // Where only the account is known, the workflow adds them once it found the connection.
      ...(connectionId === undefined
        ? {}
        : {
            typedSearchAttributes: searchAttributes({
              connectionId,
              phase: 'waiting',
              tier: 'preSend',
            }),
          }),
      memo: { connectionId: connectionId ?? null, accountId: accountId ?? null },
      staticSummary: `Sendout ${sendoutId}, stage ${stage}`,
    })
    const { memo } = await started.describe()
    refuseAnothersSendout(request, memo ?? {})
    return preSendHandle(temporal, sendoutId, stage, started.firstExecutionRunId)
  } catch (error) {
    throw toClientError(error)
  }
}

/** The one that runs may be another account's: its counts must not be given away. */
function refuseAnothersSendout(
  request: PreSendRequest,
  memo: Readonly<Record<string, unknown>>,
): void {
  for (const key of ['connectionId', 'accountId'] as const) {
    const [ours, theirs] = [request[key], memo[key]]
    if (ours !== undefined && typeof theirs === 'string' && ours !== theirs) {
      throw new AppError(
        'sendout_of_another_account',
        `Sendout ${request.sendoutId} runs for another account.`,
        { path: 'sendoutId', value: request.sendoutId },
      )
    }
  }
}
