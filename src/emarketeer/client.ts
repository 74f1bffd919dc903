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

/** Whose state is read; at most 1,000 of either, without repeats. */
export type StatesQuery =
  { readonly contactIds: readonly string[] } | { readonly emails: readonly string[] }

/** Where a walk or a page starts, and how long it is. */
export interface PageQuery {
  readonly cursor?: string | null | undefined
  readonly limit?: number | undefined
}

/**
 * eMarketeer's internal sync feed for one account (docs/wire-emarketeer.md, layer B).
 *
 * Every method throws `UpstreamError`; whether it is retryable, and after how many seconds, stands in the error. A
 * breach of a size limit by the caller is a `RangeError`: a programming error, thrown before anything is sent.
 */
export interface EmarketeerClient {
  readonly accountId: string
  /** Asks whether there is such an account, and whether our key is good for it (B1). */
  account(context?: CallContext): Promise<void>
  /** A page of the change feed (B2). */
  changes(query: ChangesQuery, context?: CallContext): Promise<ChangesAnswer>
  /** State of up to 1,000 contacts (B3); `readManyStates` takes more. Reads our own writes. */
  readStates(query: StatesQuery, include?: StatePart, context?: CallContext): Promise<StatesRead>
  /** Walks all contacts by id (B3b), up to 1,000 a page. Not a snapshot: catch up with the feed. */
  walkStates(query: PageQuery & { include?: StatePart }, context?: CallContext): Promise<StatesPage>
  /**
   * Conditional bulk write (B4). After a 5xx, a time-out or a broken connection the same call is repeated up to twice;
   * then the error has `mayHaveBeenApplied`, and the caller repeats it later with the same key and items. 429 is
   * thrown at once. An item that is refused as malformed comes back as `invalid`; the rest is written.
   */
  writeStates(request: WriteRequest, context?: CallContext): Promise<WriteAnswer>
  /** Subscription categories (B5). */
  categories(
    query: { includeArchived: boolean },
    context?: CallContext,
  ): Promise<readonly Category[]>
  /** Fixes an audience, or returns the one the sendout id already has (B6). */
  createAudience(request: AudienceRequest, context?: CallContext): Promise<Audience>
  /** A page of members, up to 5,000 (B6). */
  audienceContacts(
    audienceId: string,
    query: PageQuery,
    context?: CallContext,
  ): Promise<AudiencePage>
  /** The registered webhook, or null (B7). */
  getWebhook(context?: CallContext): Promise<WebhookRegistration | null>
  /** Registers, or re-enables, the webhook; returns its signing secret, which a repetition keeps. */
  putWebhook(
    webhook: { url: string; events: readonly ChangeType[] },
    context?: CallContext,
  ): Promise<{ readonly secret: string }>
  /** Removes the webhook; also when there is none. */
  deleteWebhook(context?: CallContext): Promise<void>
  /** Makes a new secret; for 24 hours both sign. */
  rotateWebhookSecret(context?: CallContext): Promise<{ readonly secret: string }>
  /** Closes kept connections. */
  close(): void
}
