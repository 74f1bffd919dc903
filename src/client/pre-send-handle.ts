import type { Client } from '@temporalio/client'
import { AppError } from '../contracts/app-error.js'
import { workflowIds } from '../contracts/names.js'
import type { PreSendResult, PreSendStatus, SendoutStage } from '../contracts/pre-send.js'
import { toClientError } from './workflow-error.js'

/** A pre-send, running or ended. Each call throws AppError: `run_not_found`, `temporal_unreachable`, … */
export interface PreSendHandle {
  readonly workflowId: string
  /** The run that was started or joined; null: the newest run. */
  readonly runId: string | null
  /** Waits for the result. */
  result(): Promise<PreSendResult>
  status(): Promise<PreSendStatus>
  /** Ends it: nobody is eligible, and there is no list. `by`: name of the person or system that requests it. */
  abort(by: string, reason: string): Promise<PreSendStatus>
  /**
   * Moves the start, while the pre-send still waits for it. Times are ISO UTC; the default deadline is 30 minutes after
   * the start.
   */
  reschedule(startAt: string, deadline?: string): Promise<PreSendStatus>
}

/**
 * A handle of a pre-send by its sendout and stage. Sends no request.
 * @param accountId the account that each call requires; a call throws `sendout_of_another_account` if the sendout is
 * another's.
 */
export function preSendHandle(
  temporal: Client,
  sendoutId: string,
  stage: SendoutStage,
  { runId = null, accountId }: { readonly runId?: string | null; readonly accountId?: string } = {},
): PreSendHandle {
  const workflowId = workflowIds.preSend(sendoutId, stage)
  const handle = temporal.workflow.getHandle(workflowId, runId ?? undefined)
  const whose = accountId === undefined ? {} : { accountId }
  const status = async () => {
    const current = await handle.query<PreSendStatus>('status')
    if (accountId !== undefined && current.accountId !== accountId) {
      throw new AppError('sendout_of_another_account', 'This sendout runs for another account.', {
        path: 'sendoutId',
      })
    }
    return current
  }
  const result = async () => {
    if (accountId !== undefined) {
      await status()
    }
    return handle.result() as Promise<PreSendResult>
  }
  const update = (name: string, change: Readonly<Record<string, string>>) =>
    asClientErrors(() =>
      handle.executeUpdate<PreSendStatus, [unknown]>(name, { args: [{ ...change, ...whose }] }),
    )
  return {
    workflowId,
    runId,
    result: () => asClientErrors(result),
    status: () => asClientErrors(status),
    abort: (by, reason) => update('abort', { by, reason }),
    reschedule: (startAt, deadline) =>
      update('reschedule', { startAt, ...(deadline === undefined ? {} : { deadline }) }),
  }
}

async function asClientErrors<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    throw toClientError(error)
  }
}
