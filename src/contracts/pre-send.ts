import type { PreSendPhase } from '../domain/transitions.js'
import type { ExclusionReason } from '../domain/exclusion-reason.js'

/** Stage of a sendout: the checklist syncs and writes as the send does, but creates no list (C4). */
export type SendoutStage = 'checklist' | 'send'

/** Request of the campaign service (rule G1), and the input of the workflow `preSend`. */
export interface PreSendRequest {
  /** Exactly one of the two; a campaign service knows its account. */
  readonly connectionId?: string
  readonly accountId?: string
  readonly sendoutId: string
  /** The audience by campaign and component: eMarketeer returns it. */
  readonly campaignId?: string
  readonly componentId?: string
  /** Or the audience by contact: at most 1,000 eMarketeer contact ids; the three fields below are then required. */
  readonly contactIds?: readonly string[]
  readonly channel?: Channel
  readonly categoryId?: string | null
  readonly transactional?: boolean
  readonly stage: SendoutStage
  /** ISO 8601 in UTC; null or absent: immediately. */
  readonly startAt?: string | null
  /** ISO 8601 in UTC; default: 30 minutes after the start. */
  readonly deadline?: string
  /** What happens to contacts that are not verified by the deadline: they are excluded, or there is no list (G5). */
  readonly onUnverified?: 'exclude' | 'abort'
}

export type Channel = 'email' | 'sms'

/** Counts by reason; every reason is present. */
export type ExclusionCounts = Readonly<Record<ExclusionReason, number>>

/** Result for the campaign service (rule G3). Counts and references, no personal data. */
export interface PreSendResult {
  readonly sendoutId: string
  readonly stage: SendoutStage
  readonly outcome: 'decided' | 'aborted'
  /** The CRM that was checked, or `none`: only eMarketeer's own state decided. */
  readonly crm: string
  readonly channel: Channel
  /** Both sides were read at this moment or later (ISO 8601 in UTC); null if nothing could be verified. */
  readonly verifiedAsOf: string | null
  /** No contact was *not verified*. */
  readonly complete: boolean
  readonly targeted: number
  readonly eligible: number
  readonly excluded: ExclusionCounts
  readonly updated: { readonly emarketeer: number; readonly crm: number }
  readonly requests: { readonly emarketeer: number; readonly crm: number }
  /** Codes of the catalogue for all problems, each once. */
  readonly problems: readonly string[]
  /** Reference of the list (the sendout id); null: a checklist, or aborted. */
  readonly mailingList: string | null
}

/** Answer of the query `status` of a pre-send. */
export interface PreSendStatus {
  /** The account; null until it is found if the request names a connection. */
  readonly accountId: string | null
  readonly phase: PreSendPhase
  readonly startAt: string | null
  readonly deadline: string | null
  readonly targeted: number
  readonly synced: number
  /** Codes of the catalogue for all problems so far. */
  readonly problems: readonly string[]
  readonly result: PreSendResult | null
}

/** An entry of the mailing list: the contact, and the address for the sendout's channel. */
export interface MailingListEntry {
  readonly contactId: string
  /** null in a list of SMS. */
  readonly email: string | null
  /** null in a list of e-mail. */
  readonly mobile: string | null
}
