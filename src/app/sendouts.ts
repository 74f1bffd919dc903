import { parsePreSendRequest, startPreSend as startRun } from '../client/start-pre-send.js'
import { parseJsonObject, readTextFile } from '../config/connection/json-object.js'
import { QUEUES, workflowIds } from '../contracts/names.js'
import type { PreSendRequest, PreSendResult, PreSendStatus } from '../contracts/pre-send.js'
import { type Progress, awaitResult, notRunning } from './await-result.js'
import { accountAsked, type SendoutReference } from '../sync/sendout/whose-sendout.js'
import { withLedger, withTemporal, withSystems } from './resources.js'
import type { AbortPreSend, ReschedulePreSend } from '../contracts/inputs.js'
import {
  findListRun,
  readMailingListPage,
  type MailingListPage,
} from '../sync/sendout/mailing-list.js'

/** The answer of `pre-send` if it does not wait. */
export interface StartedPreSend {
  readonly workflowId: string
  readonly runId: string
  /** `joined`: a pre-send of the same sendout and stage was already running (G1). */
  readonly status: 'started' | 'joined'
}

/**
 * Starts a pre-send from a request file, or joins the running one.
 * @returns the result if asked to wait, else the run.
 * @throws ProblemsError for an invalid request; AppError `connection_not_found`; if one is running, `request_differs`
 * or `sendout_of_another_account`.
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
 * Refuses an unknown connection before the start; the workflow checks the same. Skipped without DATABASE_URL, because
 * starting a pre-send needs only Temporal.
 */
async function checkOnLedger(request: PreSendRequest): Promise<void> {
  if (process.env['DATABASE_URL']) {
    await withLedger((db) => accountAsked(db, request))
  }
}

/** Updates of a running pre-send. The names are part of the contract. */
type PreSendUpdate =
  | { readonly name: 'abort'; readonly change: AbortPreSend }
  | { readonly name: 'reschedule'; readonly change: ReschedulePreSend }

/** The answer of `pre-send abort` and `pre-send reschedule`. */
export interface SteeredPreSend {
  readonly workflowId: string
  readonly status: PreSendStatus
}

/**
 * Sends an update to a running pre-send.
 * @throws AppError `run_not_found` if none runs, or the workflow's refusal.
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

/**
 * Reads a sendout's list page by page, until its end or until `take` returns false because nobody reads any more.
 * @throws AppError `sendout_not_found`, `list_not_available`, `crm_changed`; UpstreamError if eMarketeer cannot be
 * reached, and then the rest of the list is not returned.
 */
export function readMailingList(
  sendout: SendoutReference,
  take: (entries: MailingListPage['entries']) => Promise<boolean>,
): Promise<void> {
  return withSystems(async ({ systems, db }) => {
    const run = await findListRun(db, sendout)
    const session = await systems.session({
      connectionId: run.connectionId,
      runId: run.sendoutRunId,
      trigger: 'preSend',
      workflowId: run.workflowId,
    })
    let cursor: string | null = null
    do {
      const page = await readMailingListPage(session, run, cursor)
      cursor = (await take(page.entries)) ? page.nextCursor : null
    } while (cursor !== null)
  })
}
