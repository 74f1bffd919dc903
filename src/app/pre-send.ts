import { parsePreSendRequest, startPreSend as startRun } from '../client/start-pre-send.js'
import { parseJsonObject, readTextFile } from '../config/connection/json-object.js'
import { QUEUES, workflowIds } from '../contracts/names.js'
import type { PreSendRequest, PreSendResult, PreSendStatus } from '../contracts/pre-send.js'
import { type Progress, awaitResult } from './await-result.js'
import { accountAsked } from '../sync/sendout/whose-sendout.js'
import { withLedger, withTemporal } from './resources.js'
import type { AbortPreSend, ReschedulePreSend } from '../contracts/inputs.js'
import { notRunning } from './not-running.js'

/** What `pre-send` answers when it does not wait. */
export interface StartedPreSend {
  readonly workflowId: string
  readonly runId: string
  /** `joined`: the same sendout and stage was running already (G1). */
  readonly status: 'started' | 'joined'
}

/**
 * Starts a pre-send from a request file, or joins the one that runs.
 *
 * @returns the result when it is waited for, else the run.
 * @throws ProblemsError for a request that is not valid; AppError `connection_not_found`; where one runs
 *   `request_differs`, `sendout_of_another_account`.
 */
export async function startPreSend(
  path: string,
  options: { readonly wait: boolean; readonly progress: Progress },
): Promise<StartedPreSend | PreSendResult> {
  const request = parsePreSendRequest(parseJsonObject(await readTextFile(path), path), {
    now: new Date(),
  })
  await checkOnLedger(request)
  return withTemporal(async (temporal) => {
    const run = await startRun(temporal.client, request)
    if (options.wait) {
      const { progress } = options
      return awaitResult<PreSendResult>({ temporal, run, queue: QUEUES.preSend, progress })
    }
    const { workflowId, runId, joined } = run
    return { workflowId, runId, status: joined ? 'joined' : 'started' }
  })
}

/**
 * Refuses an unknown connection at once instead of in the workflow, which checks the same. Passed over if DATABASE_URL is
 * not set: starting a pre-send needs Temporal alone.
 */
async function checkOnLedger(request: PreSendRequest): Promise<void> {
  if (process.env['DATABASE_URL']) {
    await withLedger((db) => accountAsked(db, request))
  }
}

/** Updates of a running pre-send, by their fixed names. */
type PreSendUpdate =
  | { readonly name: 'abort'; readonly change: AbortPreSend }
  | { readonly name: 'reschedule'; readonly change: ReschedulePreSend }

/** What `pre-send abort` and `pre-send reschedule` answer. */
export interface SteeredPreSend {
  readonly workflowId: string
  readonly status: PreSendStatus
}

/**
 * Steers a running pre-send.
 * @throws AppError `run_not_found` (none runs), or what the workflow refuses it with.
 */
export function steerPreSend(
  sendoutId: string,
  stage: string,
  update: PreSendUpdate,
): Promise<SteeredPreSend> {
  return withTemporal(async ({ client }) => {
    const workflowId = workflowIds.preSend(sendoutId, stage)
    const handle = client.workflow.getHandle(workflowId)
    try {
      const status = await handle.executeUpdate<PreSendStatus, [PreSendUpdate['change']]>(
        update.name,
        { args: [update.change] },
      )
      return { workflowId, status }
    } catch (error) {
      if (error instanceof Error && error.name === 'WorkflowNotFoundError') {
        const what = `The pre-send of sendout ${sendoutId}, stage ${stage},`
        const location = { path: 'sendoutId', value: sendoutId }
        throw await notRunning({ client }, workflowId, what, location)
      }
      throw error
    }
  })
}
