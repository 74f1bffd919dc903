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
import { parsePreSendRequest, startPreSend } from './start-pre-send.js'
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
   * @param accountId whose it is: each call then throws `sendout_of_another_account` if it is another's.
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
    preSend: async (request) => (await startOf(temporal, request)).result(),
    startPreSend: (request) => startOf(temporal, request),
    preSendOf: (sendoutId, stage, accountId) =>
      preSendHandle(temporal, sendoutId, stage, accountId === undefined ? {} : { accountId }),
    mailingList: (sendoutId, accountId, signal) =>
      readMailingList(gateway, { sendoutId, accountId }, signal),
  }
}

/**
 * Checks and starts a pre-send, or joins the one that runs.
 *
 * @throws ProblemsError for a request that is not valid; AppError `temporal_unreachable`; if one runs already
 *   `sendout_of_another_account`, `request_differs`, `worker_unreachable`.
 */
async function startOf(temporal: Client, asked: PreSendRequest): Promise<PreSendHandle> {
  const request = parsePreSendRequest(asked, { now: new Date() })
  try {
    const { runId } = await startPreSend(temporal, request)
    return preSendHandle(temporal, request.sendoutId, request.stage, { runId })
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
    throw new GatewayError('The gateway answered with something that is not a page.', false, 200)
  }
  return { entries, nextCursor }
}
