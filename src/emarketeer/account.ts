import type { ChangeType } from './vocabulary.js'

/** The account, its categories, audiences and webhook (docs/wire-emarketeer.md, B1, B5 to B7). Times: Unix ms. */

/** The account and its sending setting (B1). */
export interface Account {
  readonly accountId: string
  readonly name: string
  readonly requirePositiveConsent: boolean
  /** The addresses that an on-site SuperOffice sees, and the proxy to send its traffic through. */
  readonly egress: { readonly ips: readonly string[]; readonly proxyUrl: string | null }
  readonly feedRetentionDays: number
  readonly updatedAtMs: number
}

/** A subscription category; the id is the key, the name may change (D3). */
export interface Category {
  readonly categoryId: string
  readonly name: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly archived: boolean
}

/** What an audience is asked for. The same `sendoutId` gives the same audience again. */
export interface AudienceRequest {
  readonly sendoutId: string
  readonly campaignId: string
  readonly componentId: string
}

/** A fixed audience (B6). */
export interface Audience extends AudienceRequest {
  readonly audienceId: string
  readonly channel: 'email' | 'sms'
  /** null = no category: only total unsubscribes are excluded. */
  readonly categoryId: string | null
  readonly transactional: boolean
  readonly total: number
  readonly fixedAtMs: number
  readonly expiresAtMs: number
}

/** One member; an SMS member's e-mail may be null, an e-mail member's mobile too. The id is empty where it cannot be read. */
export interface AudienceMember {
  readonly contactId: string
  readonly email: string | null
  readonly mobile: string | null
}

/** One page of members, or the word that the audience is older than 7 days. */
export type AudiencePage =
  | {
      readonly status: 'page'
      readonly items: readonly AudienceMember[]
      readonly nextCursor: string | null
      readonly total: number
    }
  | { readonly status: 'audienceExpired' }

/** The registered webhook (B7), without its secret. */
export interface WebhookRegistration {
  readonly url: string
  readonly events: readonly ChangeType[]
  readonly status: 'active' | 'disabled'
  readonly createdAtMs: number
}
