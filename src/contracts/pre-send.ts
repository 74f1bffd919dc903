import type { PreSendPhase } from '../domain/transitions.js'
import type { ExclusionReason } from '../domain/exclusion-reason.js'

/** The stage of a sendout: the checklist syncs and writes as the send does, and only makes no list (C4). */
export type SendoutStage = 'checklist' | 'send'

/** What the campaign service asks (rule G1); also the input of workflow `preSend`. */
export interface PreSendRequest {
  /** One of the two; a campaign service knows its account. */
  readonly connectionId?: string
  readonly accountId?: string
  readonly sendoutId: string
  /** The audience is asked from eMarketeer by these… */
  readonly campaignId?: string
  readonly componentId?: string
  /** …or named here: at most 1,000 eMarketeer contact ids, then the three below are required. */
  readonly contactIds?: readonly string[]
  readonly channel?: Channel
  readonly categoryId?: string | null
  readonly transactional?: boolean
  readonly stage: SendoutStage
  /** ISO UTC; null or absent: at once. */
  readonly startAt?: string | null
  /** ISO UTC; default 30 minutes after the start. */
  readonly deadline?: string
  /** What to do with contacts not verified by the deadline: leave them out, or make no list at all (G5). */
  readonly onUnverified?: 'exclude' | 'abort'
}

/** How the sendout reaches people. */
export type Channel = 'email' | 'sms'

/** Counts by reason, every reason present. */
export type ExclusionCounts = Readonly<Record<ExclusionReason, number>>

/** What the campaign service awaits (rule G3). Holds counts and references, never people. */
export interface PreSendResult {
  readonly sendoutId: string
  readonly stage: SendoutStage
  readonly outcome: 'decided' | 'aborted'
  /** The CRM checked, or `none`: eMarketeer's own state alone decided. */
  readonly crm: string
  readonly channel: Channel
  /** Both sides are as of this moment or later (ISO UTC); null when nothing could be verified. */
  readonly verifiedAsOf: string | null
  /** Nobody was *not verified*. */
  readonly complete: boolean
  readonly targeted: number
  readonly eligible: number
  readonly excluded: ExclusionCounts
  /** Writes made while syncing. */
  readonly updated: { readonly emarketeer: number; readonly crm: number }
  /** Requests spent. */
  readonly requests: { readonly emarketeer: number; readonly crm: number }
  /** Codes of the catalogue: what went wrong on the way, each once. */
  readonly problems: readonly string[]
  /** Reference by which the list is read (the sendout id), or null: checklist, or aborted. */
  readonly mailingList: string | null
}

/** Answer of the query `status` of a pre-send. */
export interface PreSendStatus {
  /** Whose it is; null until that is found, where its request names a connection. */
  readonly accountId: string | null
  readonly phase: PreSendPhase
  readonly startAt: string | null
  readonly deadline: string | null
  readonly targeted: number
  readonly synced: number
  /** Codes of the catalogue: what went wrong so far. */
  readonly problems: readonly string[]
  readonly result: PreSendResult | null
}

/** One line of the mailing list: whom to send to, and where by the sendout's channel. */
export interface MailingListEntry {
  readonly contactId: string
  /** null in a list of SMS. */
  readonly email: string | null
  /** null in a list of e-mail. */
  readonly mobile: string | null
}
