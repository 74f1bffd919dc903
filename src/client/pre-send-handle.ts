import type { Client } from '@temporalio/client'
import { workflowIds } from '../contracts/names.js'
import type { PreSendResult, PreSendStatus, SendoutStage } from '../contracts/pre-send.js'
import { toClientError } from './workflow-error.js'

/** A pre-send under way, or ended. Each call throws AppError: `run_not_found`, `temporal_unreachable`, … */
export interface PreSendHandle {
  readonly workflowId: string
  /** The run that was started or joined; null: the newest one. */
  readonly runId: string | null
  /** Awaits the end. */
  result(): Promise<PreSendResult>
  status(): Promise<PreSendStatus>
  /** Ends it: nobody is eligible, no list. `by`: the name of who asks for it. */
  abort(by: string, reason: string): Promise<PreSendStatus>
  /** Moves the start, while it waits for it. Times are ISO UTC; deadline: 30 minutes after the start by default. */
  reschedule(startAt: string, deadline?: string): Promise<PreSendStatus>
}

/** A handle of a pre-send by its sendout and stage; asks nothing by itself. */
export function preSendHandle(
  temporal: Client,
  sendoutId: string,
  stage: SendoutStage,
  runId: string | null = null,
): PreSendHandle {
  const workflowId = workflowIds.preSend(sendoutId, stage)
  const handle = temporal.workflow.getHandle(workflowId, runId ?? undefined)
  const update = (name: string, change: Readonly<Record<string, string>>) =>
    asClientErrors(() => handle.executeUpdate<PreSendStatus, [unknown]>(name, { args: [change] }))
  return {
    workflowId,
    runId,
    result: () => asClientErrors(() => handle.result() as Promise<PreSendResult>),
    status: () => asClientErrors(() => handle.query<PreSendStatus>('status')),
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
