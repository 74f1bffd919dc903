import type { Purpose } from '../domain/legal-basis.js'
import type { Actor, ReadLegalBasis } from './vocabulary.js'

/** The state of contacts as read (docs/wire-emarketeer.md, state object). Times are Unix milliseconds. */

/** Legal basis of one address for one purpose. */
export interface ConsentState {
  readonly legalBasis: ReadLegalBasis
  /** Counts the changes of this one value; 0 = never set. */
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
  /** 0 = never set: the default Yes, nobody's act (D5). */
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
  /** null where not asked for, and for a contact without e-mail, which has no state. */
  readonly consents: Readonly<Record<Purpose, ConsentState>> | null
  /** null as with `consents`. */
  readonly subscriptions: readonly SubscriptionState[] | null
}

/** Which half of the state to read; both by default. */
export type StatePart = 'consents' | 'subscriptions'

/**
 * A contact whose state does not fit the contract: unknown, which is not absent. It is handed on, so that it neither takes
 * the others with it nor passes for one that is gone.
 */
export interface UnreadableState {
  /** null: not even that can be made out. */
  readonly contactId: string | null
  readonly email: string | null
  /** Where it does not fit, e.g. `consents.marketingSendouts.version`, or {@link TOO_LARGE}; never a value. */
  readonly path: string
}

/** In place of a path: this one alone is more than an answer may hold, and was not looked into. */
export const TOO_LARGE = '(too large)'

/** Answer of a read by ids or addresses. */
export interface StatesRead {
  /** In the order asked; by address: all contacts of each, oldest first. */
  readonly items: readonly ContactState[]
  readonly unreadable: readonly UnreadableState[]
  /** Ids or addresses nobody has. */
  readonly missing: readonly string[]
}

/** One page of the walk over all contacts; `nextCursor` null = the end. */
export interface StatesPage {
  readonly items: readonly ContactState[]
  readonly unreadable: readonly UnreadableState[]
  readonly nextCursor: string | null
  /** null: not told. */
  readonly total: number | null
}
