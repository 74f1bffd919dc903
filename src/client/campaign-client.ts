import type { Client } from '@temporalio/client'
import type {
  MailingListEntry,
  PreSendRequest,
  PreSendResult,
  SendoutStage,
} from '../contracts/pre-send.js'
import { Secret } from '../config/secrets/secret.js'
import { createGatewayCalls, type GatewayCalls, GatewayError } from './gateway-calls.js'
import { preSendHandle, type PreSendHandle } from './pre-send-handle.js'
import { parsePreSendRequest } from '../config/pre-send-request.js'
import { implicitConnectionId, PRIORITY, QUEUES, workflowIds } from '../contracts/names.js'
import { searchAttributes } from '../contracts/search-attributes.js'
import { joinPreSend } from './join-pre-send.js'
import { startOrJoin } from './start-or-join.js'
import { toClientError } from './workflow-error.js'

/** What the client works with; whoever made it closes `temporal`'s connection. */
export interface CampaignClientOptions {
  /** `connectTemporal()` gives one. */
  readonly temporal: Client
  /** Where the gateway is; https, or http on loopback. */
  readonly gatewayUrl: string
  /** GATEWAY_API_KEY; white space around it is left out. */
  readonly gatewayApiKey: string
}

/** How a campaign service asks who may be mailed (rules G1–G3, docs/gateway.md). */
export interface CampaignClient {
  /**
   * Starts a pre-send, or joins the one of the same sendout and stage, and awaits its result.
   * @throws AppError by the catalogue: of the workflow's failure, or `temporal_unreachable` (retryable: the workflow
   *   goes on, and the next call joins it).
   */
  preSend(request: PreSendRequest): Promise<PreSendResult>
  /** The same without awaiting the result. */
  startPreSend(request: PreSendRequest): Promise<PreSendHandle>
  /**
   * A pre-send started earlier. Nothing is asked yet.
   * @param accountId whose it is: each call then throws `sendout_of_another_account` where it is another's.
   */
  preSendOf(sendoutId: string, stage: SendoutStage, accountId?: string): PreSendHandle
  /**
   * The people who may be mailed, page by page; each page is checked once more when it is read. A page that was read
   * is as of then: read and hand over, do not store.
   * @param accountId whose sendout it is: nobody of another account's sendout of this id is given.
   * @throws AppError `sendout_not_found`, `list_not_available`, `crm_changed`, `emarketeer_unreachable` …; GatewayError.
   */
  mailingList(
    sendoutId: string,
    accountId: string,
    signal?: AbortSignal,
  ): AsyncIterable<MailingListEntry>
}

/** Makes the campaign service's client. @throws AppError `value_invalid` for address or key, `http_not_allowed`. */
export function createCampaignClient(options: CampaignClientOptions): CampaignClient {
  const { temporal } = options
  const gateway = createGatewayCalls(options.gatewayUrl, new Secret(options.gatewayApiKey.trim()))
  return {
    preSend: async (request) => (await startPreSend(temporal, request)).result(),
    startPreSend: (request) => startPreSend(temporal, request),
    preSendOf: (sendoutId, stage, accountId) =>
      preSendHandle(temporal, sendoutId, stage, accountId === undefined ? {} : { accountId }),
    mailingList: (sendoutId, accountId, signal) =>
      readMailingList(gateway, { sendoutId, accountId }, signal),
  }
}

/**
 * Starts workflow `preSend`; one of the same sendout and stage that runs is joined if it was asked for the same, one that
 * ended is followed by a new run (rule G1).
 *
 * @throws ProblemsError for a request that is not valid; AppError `temporal_unreachable`; where one runs
 *   `sendout_of_another_account`, `request_differs`, `worker_unreachable`.
 */
async function startPreSend(temporal: Client, asked: PreSendRequest): Promise<PreSendHandle> {
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

interface Page {
  readonly entries: readonly MailingListEntry[]
  readonly nextCursor: string | null
}

/** Reads a list page by page, the next one only when it is asked for: it is checked at that moment (rule G3). */
async function* readMailingList(
  gateway: GatewayCalls,
  { sendoutId, accountId }: { readonly sendoutId: string; readonly accountId: string },
  signal?: AbortSignal,
): AsyncGenerator<MailingListEntry> {
  const path = `/api/v1/sendouts/${encodeURIComponent(sendoutId)}/mailing-list`
  let cursor: string | null = null
  do {
    const query = new URLSearchParams({
      accountId,
      ...(cursor === null ? {} : { cursor }),
    })
    const page = asPage(await gateway.get(`${path}?${query}`, signal))
    if (page.nextCursor !== null && page.nextCursor === cursor) {
      throw new GatewayError('The gateway gave the same page twice.', false, 200)
    }
    yield* page.entries
    cursor = page.nextCursor
  } while (cursor !== null)
}

/** A cut-off or foreign answer must not read as the end of the list. */
function asPage(document: unknown): Page {
  const { entries, nextCursor } = document as Partial<Page>
  if (!Array.isArray(entries) || (nextCursor !== null && typeof nextCursor !== 'string')) {
    throw new GatewayError('The gateway answered with something that is no page.', false, 200)
  }
  return { entries, nextCursor }
}
