import type { LegalBasis, Purpose } from '../domain/legal-basis.js'
import type { CrmSource } from '../contracts/names.js'
import type { Actor } from './vocabulary.js'

/** The conditional bulk write (docs/wire-emarketeer.md, EM-B4). Times: Unix ms. */

/** Most items per call. */
export const MAX_WRITE_ITEMS = 1_000

/** A call with more items sends no webhooks. */
export const MAX_ITEMS_WITH_WEBHOOKS = 500

interface WriteFacts {
  readonly contactId: string
  /** The version that was read. It is the write's only guard (F1). */
  readonly expectedVersion: number
  /**
   * When the person decided. A time that is more than 5 minutes ahead, which eMarketeer refuses, is sent as the present
   * time.
   */
  readonly eventTimeMs: number
  readonly actor: Actor
}

/** Sets the basis of the contact's address for one purpose. */
export interface ConsentWrite extends WriteFacts {
  readonly kind: 'consent'
  readonly purpose: Purpose
  readonly legalBasis: LegalBasis
  readonly text?: string | null | undefined
  /** At most 255 characters; a longer one is cut, because it would make eMarketeer refuse the batch. */
  readonly comment?: string | null | undefined
}

/** Sets the subscription of the contact's address to one category. */
export interface SubscriptionWrite extends WriteFacts {
  readonly kind: 'subscription'
  readonly categoryId: string
  readonly subscribed: boolean
}

export type StateWrite = ConsentWrite | SubscriptionWrite

/** A call. The same key with the same items is the same call, however often it is sent within 7 days. */
export interface WriteRequest {
  /** 8 to 128 characters of `A-Za-z0-9._:-`. After a conflict the new decision needs a new key. */
  readonly idempotencyKey: string
  readonly source: CrmSource
  readonly items: readonly StateWrite[]
}

/** Outcome of one item. Each item is atomic, and no outcome is an error of the call. */
export type WriteResult =
  /** Stored, with its new version; `changeId` is the id of the change in the feed and of its webhook. */
  | { readonly status: 'applied'; readonly version: number; readonly changeId: string | null }
  | {
      /**
       * `unchanged`: it already had this value, and nothing was stored. `conflict`: another write came first; decide
       * again and write with a new key (F1). `notFound`: the contact or the category does not exist. `invalid`: refused
       * as malformed. `unknown`: the result is unreadable; the item may have been stored.
       */
      readonly status: 'unchanged' | 'conflict' | 'notFound' | 'invalid' | 'unknown'
    }

export interface WriteAnswer {
  /** In the order of the items. */
  readonly results: readonly WriteResult[]
  /** The key was used earlier for the same items: this is the first answer again. */
  readonly replayed: boolean
}
