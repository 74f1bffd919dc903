import type { Client } from '@temporalio/client'
import { parsePreSendRequest } from '../config/pre-send-request.js'
import { implicitConnectionId, PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import type { PreSendRequest } from '../contracts/pre-send.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import { joinPreSend } from './join-pre-send.js'
import { preSendHandle, type PreSendHandle } from './pre-send-handle.js'
import { startOrJoin } from './start-or-join.js'
import { toClientError } from './workflow-error.js'

/**
 * Starts workflow `preSend`; one of the same sendout and stage that runs is joined if it was asked for the same, one that
 * ended is followed by a new run (rule G1).
 *
 * @throws ProblemsError for a request that is not valid; AppError `temporal_unreachable`; where one runs
 *   `sendout_of_another_account`, `request_differs`, `worker_unreachable`.
 */
export async function startPreSend(
  temporal: Client,
  asked: PreSendRequest,
): Promise<PreSendHandle> {
  const request = parsePreSendRequest(asked, { now: new Date() })
  const { connectionId, accountId, sendoutId, stage } = request
  try {
    const { runId } = await startOrJoin(temporal, {
      type: 'preSend',
      workflowId: workflowIds.preSend(sendoutId, stage),
      queue: QUEUES.preSend,
      input: request,
      priorityKey: PRIORITY.preSend,
      connectionId: connectionId ?? implicitConnectionId(accountId!),
      memo: { connectionId: connectionId ?? null, accountId: accountId ?? null },
      summary: `Sendout ${sendoutId}, stage ${stage}`,
      // Where only the account is known, the workflow adds them once it found the connection.
      ...(connectionId === undefined
        ? {}
        : {
            searchAttributes: searchAttributes({ connectionId, phase: 'waiting', tier: 'preSend' }),
          }),
      join: joinPreSend(temporal, request),
    })
    return preSendHandle(temporal, sendoutId, stage, { runId })
  } catch (error) {
    throw toClientError(error)
  }
}
