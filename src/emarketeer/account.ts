/** An account's categories, audiences and webhook (docs/wire-emarketeer.md, EM-B5 to EM-B7). */

/** A subscription category; the id is the key, the name may change (D3). */
export interface Category {
  readonly categoryId: string
  readonly name: string
  readonly archived: boolean
}

/** A request for an audience. The same `sendoutId` returns the same audience again. */
export interface AudienceRequest {
  readonly sendoutId: string
  readonly campaignId: string
  readonly componentId: string
}

/** A fixed audience (EM-B6). */
export interface Audience {
  readonly audienceId: string
  readonly channel: 'email' | 'sms'
  /** null: no category, so that only total unsubscribes are excluded. */
  readonly categoryId: string | null
  readonly transactional: boolean
}

/** Stands for an address that cannot be read. No address is empty, and null means that there is no address. */
export const UNKNOWN_EMAIL = ''

/**
 * One member. An SMS member's e-mail may be null, and so may an e-mail member's mobile. An unreadable member has an
 * empty id and the address {@link UNKNOWN_EMAIL}.
 */
export interface AudienceMember {
  readonly contactId: string
  readonly email: string | null
  readonly mobile: string | null
}

/** One page of members, or the result that the audience is older than 7 days. */
export type AudiencePage =
  | {
      readonly status: 'page'
      readonly items: readonly AudienceMember[]
      readonly nextCursor: string | null
      /** null: not stated. */
      readonly total: number | null
    }
  | { readonly status: 'audienceExpired' }

/** The registered webhook (EM-B7), without its secret. */
export interface WebhookRegistration {
  readonly url: string
  /** `active`, `disabled`, or an unknown word. */
  readonly status: string
}
