import type { Purpose } from '../domain/legal-basis.js'
import type { Actor, ReadLegalBasis } from './vocabulary.js'

/** The state of contacts as read (docs/wire-emarketeer.md, state object). Times: Unix ms. */

/** Legal basis of one address for one purpose. */
export interface ConsentState {
  readonly legalBasis: ReadLegalBasis
  /** Number of changes of this one value; 0 = never set. */
  readonly version: number
  /** When the person or user decided. */
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
  /** 0 = never set: the default Yes, which nobody chose (D5). */
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
  /** null if not asked for, and for a contact without e-mail, which has no state. */
  readonly consents: Readonly<Record<Purpose, ConsentState>> | null
  /** null as with `consents`. */
  readonly subscriptions: readonly SubscriptionState[] | null
}

/** The half of the state to read; both by default. */
export type StatePart = 'consents' | 'subscriptions'

/**
 * A contact whose state does not fit the contract: unknown, not absent. It is passed on so that it neither fails the
 * others nor counts as gone.
 */
export interface UnreadableState {
  /** null: the id is unreadable too. */
  readonly contactId: string | null
  readonly email: string | null
  /** The path that does not fit, e.g. `consents.marketingSendouts.version`, or {@link TOO_LARGE}; never a value. */
  readonly path: string
}

/** Replaces a path: this single contact exceeds the limit of an answer, and was not parsed. */
export const TOO_LARGE = '(too large)'

/** Answer of a read by ids or addresses. */
export interface StatesRead {
  /** By id in the order of the request; by address all contacts of each, oldest first. */
  readonly items: readonly ContactState[]
  readonly unreadable: readonly UnreadableState[]
  /** Ids or addresses that no contact has. */
  readonly missing: readonly string[]
}

/** One page of the walk over all contacts; `nextCursor` null = the end. */
export interface StatesPage {
  readonly items: readonly ContactState[]
  readonly unreadable: readonly UnreadableState[]
  readonly nextCursor: string | null
  /** null: not given. */
  readonly total: number | null
}
