import { joinPreSend } from '../../client/join-pre-send.js'
import { parseJsonObject } from '../../config/connection/json-object.js'
import { parsePreSendRequest } from '../../config/pre-send-request.js'
import { implicitConnectionId, PRIORITY, QUEUES, workflowIds } from '../../contracts/names.js'
import type { PreSendRequest, PreSendResult } from '../../contracts/pre-send.js'
import type { Progress } from '../progress.js'
import { accountAsked } from '../../sync/sendout/whose-sendout.js'
import { readTextFile } from '../read-text-file.js'
import { withLedger, withTemporal } from '../resources.js'
import { awaitResult } from '../temporal/await-result.js'
import { startOrJoin } from '../../client/start-or-join.js'

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
    const { sendoutId, stage, connectionId, accountId } = request
    const run = await startOrJoin(temporal.client, {
      type: 'preSend',
      workflowId: workflowIds.preSend(sendoutId, stage),
      queue: QUEUES.preSend,
      input: request,
      priorityKey: PRIORITY.preSend,
      connectionId: connectionId ?? implicitConnectionId(accountId!),
      summary: `Sendout ${sendoutId}, stage ${stage}`,
      join: joinPreSend(temporal.client, request),
    })
    if (options.wait) {
      const { progress } = options
      return awaitResult<PreSendResult>({ temporal, run, queue: QUEUES.preSend, progress })
    }
    const { workflowId, runId, joined } = run
    return { workflowId, runId, status: joined ? 'joined' : 'started' }
  })
}

/**
 * Tells an unknown connection at once instead of in the workflow, which checks the same. Passed over where DATABASE_URL
 * is not set: who asks for a sendout needs Temporal alone.
 */
async function checkOnLedger(request: PreSendRequest): Promise<void> {
  if (process.env['DATABASE_URL']) {
    await withLedger((db) => accountAsked(db, request))
  }
}
