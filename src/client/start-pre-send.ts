import type { Client, WorkflowHandle } from '@temporalio/client'
import { describeOpenly } from '../config/connection/zod-problems.js'
import { AppError } from '../contracts/app-error.js'
import { problemOf } from '../contracts/judge.js'
import { implicitConnectionId, PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import { preSendRequest } from '../contracts/pre-send-request.js'
import type { PreSendRequest, PreSendStatus } from '../contracts/pre-send.js'
import { throwProblems, describeShape } from '../contracts/problems.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import { isUnanswered } from '../contracts/temporal-failure.js'
import { startOrJoin, type StartedRun } from './start-or-join.js'

/** A live worker answers within this time. */
const ANSWER_WITHIN_MS = 15_000
/** gRPC's CANCELLED and DEADLINE_EXCEEDED. */
const UNANSWERED: ReadonlySet<unknown> = new Set([1, 4])

/**
 * Checks a pre-send request (G1) before it is sent, with the schema that the workflow checks its input with. Does not
 * fill in defaults.
 * @param now the deadline must be after it.
 * @throws ProblemsError with any of `unknown_key`, `value_missing`, `value_invalid`, `deadline_past`,
 * `too_many_contact_ids`, `audience_incomplete`. Not retryable.
 */
export function parsePreSendRequest(
  given: unknown,
  { now }: { readonly now: Date },
): PreSendRequest {
  const faults = preSendRequest(now.getTime()).faultsOf(given, [])
  throwProblems(faults.map((fault) => problemOf(fault, showValue)))
  // Like JSON: an undefined key is absent.
  const kept = Object.entries(given as PreSendRequest).filter(([, value]) => value !== undefined)
  return Object.fromEntries(kept) as unknown as PreSendRequest
}

/** Describes an invalid value. A contact id is not shown, because it may be an address. */
function showValue(value: unknown, path: string): string | null {
  return path.startsWith('contactIds') ? describeShape(value) : describeOpenly(value)
}

/**
 * Starts workflow `preSend`. Joins a running one of the same sendout and stage if it was asked for the same; after an
 * ended one, starts a new run (rule G1).
 * @param request as {@link parsePreSendRequest} returns it.
 * @throws the errors of Temporal's client; if one runs: its refusal (`sendout_of_another_account`, `request_differs`),
 * or AppError `worker_unreachable` if no worker answers for it.
 */
export function startPreSend(temporal: Client, request: PreSendRequest): Promise<StartedRun> {
  const { connectionId, accountId, sendoutId, stage } = request
  return startOrJoin(temporal, {
    type: 'preSend',
    workflowId: workflowIds.preSend(sendoutId, stage),
    queue: QUEUES.preSend,
    input: request,
    priorityKey: PRIORITY.preSend,
    connectionId: connectionId ?? implicitConnectionId(accountId!),
    memo: { connectionId: connectionId ?? null, accountId: accountId ?? null },
    summary: `Sendout ${sendoutId}, stage ${stage}`,
    // If only the account is known, the workflow sets them once it has found the connection.
    ...(connectionId === undefined
      ? {}
      : {
          searchAttributes: searchAttributes({ connectionId, phase: 'waiting', tier: 'preSend' }),
        }),
    join: (handle) => joinPreSend(temporal, handle, request),
  })
}

/** Asks a running pre-send whether it was asked for the same (rule G1). */
async function joinPreSend(
  client: Client,
  handle: WorkflowHandle,
  request: PreSendRequest,
): Promise<PreSendStatus> {
  try {
    return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      handle.executeUpdate<PreSendStatus, [PreSendRequest]>('join', { args: [request] }),
    )
  } catch (error) {
    throw isUnanswered(error, UNANSWERED) ? unanswered(handle.workflowId, error) : error
  }
}

function unanswered(workflowId: string, cause: unknown): AppError {
  const message = `${workflowId} is already running, and no worker reports whether its request is the same.`
  return new AppError('worker_unreachable', message, { path: 'sendoutId', cause })
}
