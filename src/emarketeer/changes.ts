import type { Purpose } from '../domain/legal-basis.js'
import type { Actor, ReadLegalBasis, Writer } from './vocabulary.js'

/** Items of the change feed, and data of webhooks (docs/wire-emarketeer.md, change object). Times: Unix ms. */

/** Facts common to all changes. */
export interface ChangeFacts {
  /** Also the webhook id. It is the same on every delivery. */
  readonly id: string
  /** All contacts that had the address at that time, oldest first; for contact changes only that contact. */
  readonly contactIds: readonly string[]
  /** null for categories, and if all contacts with the address were deleted since. */
  readonly email: string | null
  readonly eventTimeMs: number
  readonly recordedAtMs: number
  readonly source: string | null
  readonly actor: Actor | null
  readonly writer: Writer | null
}

/** A basis was set, renewed, withdrawn or removed. Ignore `profiling`. */
export interface ConsentChanged extends ChangeFacts {
  readonly type: 'consent.changed'
  readonly purpose: Purpose | 'profiling'
  readonly after: { readonly legalBasis: ReadLegalBasis; readonly version: number }
}

/** A subscription was switched. */
export interface SubscriptionChanged extends ChangeFacts {
  readonly type: 'subscription.changed'
  readonly categoryId: string
  readonly after: { readonly subscribed: boolean; readonly version: number }
}

/** A contact was created. If its address is suppressed, its state starts as `withdrawn` without a consent change. */
export interface ContactCreated extends ChangeFacts {
  readonly type: 'contact.created'
}

/** A contact's address changed (F5). */
export interface ContactEmailChanged extends ChangeFacts {
  readonly type: 'contact.email_changed'
  readonly oldEmail: string | null
  readonly newEmail: string | null
}

/** A contact was deleted. */
export interface ContactDeleted extends ChangeFacts {
  readonly type: 'contact.deleted'
}

/** A category was created, renamed or archived. Read all of them again (D3). */
export interface CategoryChanged extends ChangeFacts {
  readonly type: 'category.created' | 'category.renamed' | 'category.archived'
}

/**
 * An item that does not fit the contract. It is passed on so that it is not lost and does not fail the others: read the
 * state of its contacts. If it names none, only a full walk finds the change.
 */
export interface UnreadableChange {
  readonly type: 'unreadable'
  readonly id: string | null
  readonly contactIds: readonly string[]
  readonly reason: 'unknown_type' | 'malformed' | 'other_account'
  /** The path that does not fit, e.g. `detail.new.version`; never a value. */
  readonly path: string
}

/** A change that fits the contract. */
export type Change =
  | ConsentChanged
  | SubscriptionChanged
  | ContactCreated
  | ContactEmailChanged
  | ContactDeleted
  | CategoryChanged

export type FeedItem = Change | UnreadableChange

/** Where a reading of the feed starts: a stored cursor or a starting point. */
export type FeedPosition =
  { readonly cursor: string } | { readonly from: 'now' | 'beginning' | { readonly timeMs: number } }

export interface ChangesQuery {
  readonly position: FeedPosition
  /** 1 to 1,000; eMarketeer's default is 500. */
  readonly limit?: number | undefined
}

/**
 * One page, or the result that the position is older than 400 days: then walk all states (EM-B3b) from a new cursor.
 */
export type ChangesAnswer =
  | {
      readonly status: 'page'
      readonly items: readonly FeedItem[]
      /** Store it after the items are handled. */
      readonly nextCursor: string
      readonly hasMore: boolean
    }
  | { readonly status: 'cursorExpired' }
