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

/** What the client works with. The caller made `temporal`'s connection and closes it. */
export interface CampaignClientOptions {
  /** From `connectTemporal()`. */
  readonly temporal: Client
  /** Address of the gateway: https, or http on loopback. */
  readonly gatewayUrl: string
  /** GATEWAY_API_KEY; white space around it is removed. */
  readonly gatewayApiKey: string
}

/** How a campaign service asks who may be mailed (rules G1–G3, docs/gateway.md). */
export interface CampaignClient {
  /**
   * Starts a pre-send, or joins the one of the same sendout and stage, and awaits its result.
   * @throws AppError with the code of the workflow's failure, or `temporal_unreachable` (retryable: the workflow
   * continues, and the next call joins it).
   */
  preSend(request: PreSendRequest): Promise<PreSendResult>
  /** As `preSend`, without awaiting the result. */
  startPreSend(request: PreSendRequest): Promise<PreSendHandle>
  /**
   * A handle of a pre-send that was started earlier. Sends no request.
   * @param accountId the account that owns it: each call throws `sendout_of_another_account` if another account does.
   */
  preSendOf(sendoutId: string, stage: SendoutStage, accountId?: string): PreSendHandle
  /**
   * The people who may be mailed, page by page; each page is checked again when it is read. A page is valid only at
   * that moment: hand it over, do not store it.
   * @param accountId the account that owns the sendout: another account's sendout of this id returns nobody.
   * @throws AppError `sendout_not_found`, `list_not_available`, `crm_changed`, `emarketeer_unreachable` …;
   * GatewayError.
   */
  mailingList(
    sendoutId: string,
    accountId: string,
    signal?: AbortSignal,
  ): AsyncIterable<MailingListEntry>
}

/**
 * Creates the campaign service's client. @throws AppError `value_invalid` for the address or the key,
 * `http_not_allowed`.
 */
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
 * Checks and starts a pre-send, or joins the running one.
 * @throws ProblemsError for an invalid request; AppError `temporal_unreachable`; if one runs already:
 * `sendout_of_another_account`, `request_differs`, `worker_unreachable`.
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

/**
 * Reads a list page by page. Requests a page only when the caller asks for it, because the check happens at that moment
 * (rule G3).
 */
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

/** Checks the form of a page: a truncated or foreign answer must not read as the end of the list. */
function asPage(document: unknown): Page {
  const { entries, nextCursor } = document as Partial<Page>
  if (!Array.isArray(entries) || (nextCursor !== null && typeof nextCursor !== 'string')) {
    throw new GatewayError('The gateway answered with something that is not a page.', false, 200)
  }
  return { entries, nextCursor }
}
