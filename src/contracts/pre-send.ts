import type { PreSendPhase } from '../domain/transitions.js'
import type { ExclusionReason } from '../domain/exclusion-reason.js'

/** Stage of a sendout: the checklist syncs and writes as the send does, but makes no list (C4). */
export type SendoutStage = 'checklist' | 'send'

/** Request of the campaign service (rule G1); also the input of workflow `preSend`. */
export interface PreSendRequest {
  /** One of the two; a campaign service knows its account. */
  readonly connectionId?: string
  readonly accountId?: string
  readonly sendoutId: string
  /** The audience: eMarketeer returns it for these… */
  readonly campaignId?: string
  readonly componentId?: string
  /** …or it is named here: at most 1,000 eMarketeer contact ids; the three below are then required. */
  readonly contactIds?: readonly string[]
  readonly channel?: Channel
  readonly categoryId?: string | null
  readonly transactional?: boolean
  readonly stage: SendoutStage
  /** ISO UTC; null or absent: at once. */
  readonly startAt?: string | null
  /** ISO UTC; default 30 minutes after the start. */
  readonly deadline?: string
  /** Contacts not verified by the deadline: exclude them, or make no list at all (G5). */
  readonly onUnverified?: 'exclude' | 'abort'
}

export type Channel = 'email' | 'sms'

/** Counts by reason, every reason present. */
export type ExclusionCounts = Readonly<Record<ExclusionReason, number>>

/** Result for the campaign service (rule G3). Counts and references, never people. */
export interface PreSendResult {
  readonly sendoutId: string
  readonly stage: SendoutStage
  readonly outcome: 'decided' | 'aborted'
  /** The CRM checked, or `none`: eMarketeer's own state alone decided. */
  readonly crm: string
  readonly channel: Channel
  /** Both sides are as of this moment or later (ISO UTC); null if nothing could be verified. */
  readonly verifiedAsOf: string | null
  /** Nobody was *not verified*. */
  readonly complete: boolean
  readonly targeted: number
  readonly eligible: number
  readonly excluded: ExclusionCounts
  readonly updated: { readonly emarketeer: number; readonly crm: number }
  readonly requests: { readonly emarketeer: number; readonly crm: number }
  /** Codes of the catalogue for everything that went wrong, each once. */
  readonly problems: readonly string[]
  /** Reference of the list (the sendout id); null: checklist, or aborted. */
  readonly mailingList: string | null
}

/** Answer of the query `status` of a pre-send. */
export interface PreSendStatus {
  /** Account; null until it is found, if the request names a connection. */
  readonly accountId: string | null
  readonly phase: PreSendPhase
  readonly startAt: string | null
  readonly deadline: string | null
  readonly targeted: number
  readonly synced: number
  /** Codes of the catalogue for everything that has gone wrong so far. */
  readonly problems: readonly string[]
  readonly result: PreSendResult | null
}

/** One entry of the mailing list: whom to send to, and where by the sendout's channel. */
export interface MailingListEntry {
  readonly contactId: string
  /** null in a list of SMS. */
  readonly email: string | null
  /** null in a list of e-mail. */
  readonly mobile: string | null
}
