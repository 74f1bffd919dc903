import type { LegalBasis, Purpose } from '../domain/legal-basis.js'
import type { Actor, CrmSource, ReadLegalBasis } from './vocabulary.js'

/** The conditional bulk write (docs/wire-emarketeer.md, B4). Times are Unix milliseconds. */

/** Most items of one call. */
export const MAX_WRITE_ITEMS = 1_000

interface WriteFacts {
  readonly contactId: string
  /** The version that was read; the only guard of the write (F1). */
  readonly expectedVersion: number
  /** When the person decided. More than 5 minutes ahead, which eMarketeer refuses, is sent as now. */
  readonly eventTimeMs: number
  readonly actor: Actor
}

/** Sets the basis of the contact's address for one purpose. */
export interface ConsentWrite extends WriteFacts {
  readonly kind: 'consent'
  readonly purpose: Purpose
  readonly legalBasis: LegalBasis
  readonly text?: string | null | undefined
  /** At most 255 characters; longer ones are cut, since one too long would refuse the whole batch. */
  readonly comment?: string | null | undefined
}

/** Sets the subscription of the contact's address to one category. */
export interface SubscriptionWrite extends WriteFacts {
  readonly kind: 'subscription'
  readonly categoryId: string
  readonly subscribed: boolean
}

/** One item of a write. */
export type StateWrite = ConsentWrite | SubscriptionWrite

/** One call: the same key with the same items is the same call, however often it is sent within 7 days. */
export interface WriteRequest {
  /** 8 to 128 characters of `A-Za-z0-9._:-`. After a conflict the new decision takes a new key. */
  readonly idempotencyKey: string
  readonly source: CrmSource
  readonly items: readonly StateWrite[]
}

/** The value that won, given with a conflict. */
export interface CurrentValue {
  readonly version: number
  readonly eventTimeMs: number | null
  readonly recordedAtMs: number | null
  readonly source: string | null
  readonly actor: Actor | null
  /** Of a consent item, else null. */
  readonly legalBasis: ReadLegalBasis | null
  /** Of a subscription item, else null. */
  readonly subscribed: boolean | null
}

/** Outcome of one item; each is atomic by itself. None of them is an error of the call. */
export type WriteResult =
  /** Stored, with its new version; its change is in the feed. */
  | { readonly status: 'applied'; readonly version: number; readonly changeId: string }
  /** The value already was the one asked for, at this version; nothing was stored. */
  | { readonly status: 'unchanged'; readonly version: number }
  /** Somebody was faster: decide again on `current`, and write with a new key (F1). */
  | { readonly status: 'conflict'; readonly version: number; readonly current: CurrentValue }
  | {
      readonly status: 'notFound'
      readonly code: 'contact_not_found' | 'category_not_found' | 'other'
    }
  | {
      readonly status: 'invalid'
      readonly code: 'event_time_in_future' | 'category_archived' | 'contact_has_no_email' | 'other'
    }

/** Outcome of a call. */
export interface WriteAnswer {
  /** In the order of the items. */
  readonly results: readonly WriteResult[]
  /** The key had been used for the same items before: this is the first answer again. */
  readonly replayed: boolean
}
