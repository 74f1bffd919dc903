import type { Client, WorkflowHandle } from '@temporalio/client'
import { AppError } from '../contracts/app-error.js'
import type { PreSendRequest, PreSendStatus } from '../contracts/pre-send.js'

/** A worker that lives answers within this time. */
const ANSWER_WITHIN_MS = 15_000
/** gRPC's CANCELLED and DEADLINE_EXCEEDED. */
const UNANSWERED: ReadonlySet<unknown> = new Set([1, 4])

/**
 * Asks a pre-send that runs whether it was asked for the same (rule G1).
 *
 * @throws WorkflowUpdateFailedError with `request_differs` or `sendout_of_another_account`; AppError `worker_unreachable`
 *   where nobody answers for it.
 */
export function joinPreSend(
  client: Client,
  request: PreSendRequest,
): (handle: WorkflowHandle) => Promise<PreSendStatus> {
  return async (handle) => {
    try {
      return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
        handle.executeUpdate<PreSendStatus, [PreSendRequest]>('join', { args: [request] }),
      )
    } catch (error) {
      throw isUnanswered(error) ? unanswered(handle.workflowId, error) : error
    }
  }
}

function isUnanswered(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (UNANSWERED.has((cause as { code?: unknown }).code) || /Timeout/.test(cause.name)) {
      return true
    }
  }
  return false
}

function unanswered(workflowId: string, cause: unknown): AppError {
  const message = `${workflowId} runs already, and no worker says whether it was asked for the same.`
  return new AppError('worker_unreachable', message, { path: 'sendoutId', cause })
}
