import type { Purpose } from '../domain/legal-basis.js'
import type { Actor, ReadLegalBasis } from './vocabulary.js'

/** The state of contacts as read (docs/wire-emarketeer.md, state object). Times: Unix ms. */

/** Legal basis of one address for one purpose. */
export interface ConsentState {
  readonly legalBasis: ReadLegalBasis
  /** Number of changes of this one value; 0 = never set. */
  readonly version: number
  /** When the person or user made the decision. */
  readonly eventTimeMs: number | null
  /** When eMarketeer stored it. */
  readonly recordedAtMs: number | null
  readonly source: string | null
  readonly actor: Actor | null
}

/** Subscription of one address to one category that is not archived. */
export interface SubscriptionState {
  readonly categoryId: string
  readonly subscribed: boolean
  /** 0: never set, so the value is the default Yes, which nobody chose (D5). */
  readonly version: number
  readonly eventTimeMs: number | null
  readonly recordedAtMs: number | null
  readonly source: string | null
  readonly actor: Actor | null
}

/** One contact with the state of its address. */
export interface ContactState {
  readonly contactId: string
  readonly email: string | null
  readonly mobile: string | null
  /** null if it was not requested, and for a contact without an e-mail address, which has no state. */
  readonly consents: Readonly<Record<Purpose, ConsentState>> | null
  /** null as for `consents`. */
  readonly subscriptions: readonly SubscriptionState[] | null
}

/** The part of the state to read; default: both. */
export type StatePart = 'consents' | 'subscriptions'

/**
 * A contact whose state does not fit the contract: unknown, not absent. It is passed on so that it neither fails the
 * others nor counts as deleted.
 */
export interface UnreadableState {
  /** null: the id is also unreadable. */
  readonly contactId: string | null
  readonly email: string | null
  /** The path that does not fit, such as `consents.marketingSendouts.version`, or {@link TOO_LARGE}; never a value. */
  readonly path: string
}

/** Replaces a path: this single contact exceeds the limit of an answer and was not parsed. */
export const TOO_LARGE = '(too large)'

/** Answer to a read by ids or addresses. */
export interface StatesRead {
  /** By id in the order of the request; by address all contacts of each address, oldest first. */
  readonly items: readonly ContactState[]
  readonly unreadable: readonly UnreadableState[]
  /** Ids or addresses that no contact has. */
  readonly missing: readonly string[]
}

/** A page of the walk over all contacts; `nextCursor` null: it is the last. */
export interface StatesPage {
  readonly items: readonly ContactState[]
  readonly unreadable: readonly UnreadableState[]
  readonly nextCursor: string | null
  /** null: not stated. */
  readonly total: number | null
}
