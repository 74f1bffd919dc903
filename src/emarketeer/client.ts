import type { CallContext } from '../http/index.js'
import type {
  Audience,
  AudiencePage,
  AudienceRequest,
  Category,
  WebhookRegistration,
} from './account.js'
import type { ChangesAnswer, ChangesQuery } from './changes.js'
import type { StatePart, StatesPage, StatesRead } from './states.js'
import type { ChangeType } from './vocabulary.js'
import type { WriteAnswer, WriteRequest } from './writes.js'

/** The contacts to read: at most 1,000 ids or addresses, without repeats. */
export type StatesQuery =
  { readonly contactIds: readonly string[] } | { readonly emails: readonly string[] }

/** Start and length of a walk or a page. */
export interface PageQuery {
  readonly cursor?: string | null | undefined
  readonly limit?: number | undefined
}

/**
 * eMarketeer's internal sync feed for one account (docs/wire-emarketeer.md, layer B). Every method throws
 * `UpstreamError`, which states whether it is retryable and after how many seconds. A caller that exceeds a size limit
 * gets a `RangeError` before anything is sent: a programming error.
 */
export interface EmarketeerClient {
  readonly accountId: string
  /** Checks that the account exists and that our key is valid for it (EM-B1). */
  account(context?: CallContext): Promise<void>
  /** A page of the change feed (EM-B2). */
  changes(query: ChangesQuery, context?: CallContext): Promise<ChangesAnswer>
  /** State of up to 1,000 contacts (EM-B3); `readManyStates` takes more. Reads our own writes. */
  readStates(query: StatesQuery, include?: StatePart, context?: CallContext): Promise<StatesRead>
  /**
   * A page of the walk over all contacts by id (EM-B3b), up to 1,000. The walk is not a snapshot: read the feed
   * afterwards.
   */
  walkStates(query: PageQuery & { include?: StatePart }, context?: CallContext): Promise<StatesPage>
  /**
   * Conditional bulk write (EM-B4). After a 5xx, a time-out or a broken connection it repeats the same call up to
   * twice; then the error has `mayHaveBeenApplied`, and the caller repeats the call later with the same key and items.
   * It throws a 429 immediately. An item that was refused as malformed is returned as `invalid`; the others are
   * written.
   */
  writeStates(request: WriteRequest, context?: CallContext): Promise<WriteAnswer>
  /** Subscription categories (EM-B5). */
  categories(
    query: { includeArchived: boolean },
    context?: CallContext,
  ): Promise<readonly Category[]>
  /** Fixes an audience, or returns the one that was fixed for the sendout id (EM-B6). */
  createAudience(request: AudienceRequest, context?: CallContext): Promise<Audience>
  /** A page of members, up to 5,000 (EM-B6). */
  audienceContacts(
    audienceId: string,
    query: PageQuery,
    context?: CallContext,
  ): Promise<AudiencePage>
  /** The registered webhook, or null (EM-B7). */
  getWebhook(context?: CallContext): Promise<WebhookRegistration | null>
  /**
   * Registers the webhook or enables it again; returns its signing secret. A repeated call does not change the secret.
   */
  putWebhook(
    webhook: { url: string; events: readonly ChangeType[] },
    context?: CallContext,
  ): Promise<{ readonly secret: string }>
  /** Removes the webhook if there is one. */
  deleteWebhook(context?: CallContext): Promise<void>
  /** Creates a new secret. For 24 hours eMarketeer signs with both. */
  rotateWebhookSecret(context?: CallContext): Promise<{ readonly secret: string }>
  close(): void
}
