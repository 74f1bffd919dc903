import type { OwnWrite } from '../domain/own-echo.js'
import type { CrmFacts } from './facts.js'

/** Whether the CRM posts changes to us. If not, the sweep alone is sufficient, and the status shows it. */
export interface WebhookInstallation {
  readonly installed: boolean
  /** Why not, for people; null if installed. */
  readonly reason: string | null
  readonly facts: CrmFacts
}

/** Where the CRM is to post changes. */
export interface WebhookTarget {
  readonly url: string
  /**
   * Stores facts immediately. A CRM may call the address, signed, during registration, so the facts that judge such a
   * call must be stored before.
   */
  keep(facts: CrmFacts): Promise<void>
}

/** The content of a webhook, reduced to ids and keys of addresses. The body is only a hint: the record is read. */
export interface CrmWebhookHint {
  readonly entity: 'contact' | 'subscription'
  readonly entityId: string
  /** null: the event does not name it, and the row is read to find it. */
  readonly contactId: string | null
  /** The CRM user whose action this was, only if the event carried the consent value itself. */
  readonly actorUserId: string | null
  /** The event carried a deny: it counts at the send gate until it is handled (G7). */
  readonly saysDeny: boolean
  /** Keys of addresses that the event gives the record; absent: it names none. */
  readonly addresses?: readonly string[]
  /** The event may be the echo of a write of ours, and the copy decides whether it is; absent: it is none. */
  readonly ownWrite?: OwnWrite
  /** The CRM's id of this event, for de-duplication; null if it has none. */
  readonly eventId: string | null
}

/** A webhook call as received. Header names in lower case. */
export interface WebhookRequest {
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
}

/** Accepted hints, or the catalogue code of the refusal. */
export type WebhookVerdict =
  | { readonly accepted: true; readonly hints: readonly CrmWebhookHint[] }
  | {
      readonly accepted: false
      readonly code: 'webhook_unauthorized' | 'webhook_malformed' | 'webhook_wrong_organization'
    }

/**
 * What the headers of a call prove before its body is read. `proven`: the sender has the secret. `open`: only the body
 * can decide, because the signature covers it. `refused`: not the sender, with any body.
 */
export type HeaderVerdict = 'proven' | 'open' | 'refused'
