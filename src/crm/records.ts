import type { LegalBasis, Purpose } from '../domain/legal-basis.js'
import type { LastWriter, ToggleValue } from '../domain/reconcile/types.js'
import type { RichValue } from '../domain/tenant-basis.js'

/**
 * When a rich CRM's row was written, as the row says, by the CRM's own clock, whoever wrote it. Unix ms; raw: whether it
 * proves anything is decided when deciding (docs/reconciliation.md, "Stamps of SuperOffice").
 */
export interface RowTimes {
  /** When it was inserted; null: not told. */
  readonly registeredMs: number | null
  /** When it was last updated; null: never, or not told. */
  readonly updatedMs: number | null
  /** It has only been inserted, and never updated since. */
  readonly onlyInserted: boolean
}

/** One consent value of one record. `value` null = unreadable (column gone, no right): unknown, no write. */
export interface CrmConsent {
  readonly value: ToggleValue | RichValue | null
  /** For conditional writes and for "moved"; equality only. */
  readonly version: string
  readonly lastWriter: LastWriter
  /** Rich CRMs carry them on the row; toggle CRMs tell them through {@link CrmClient.readFieldHistory}: absent. */
  readonly times?: RowTimes
}

/** Whether a record counts. Only `live` ones take part in the rule; the others end or move the link (F5). */
export type CrmContactState = 'live' | 'deactivated' | 'merged'

/** A contact as read. */
export interface CrmContact {
  readonly contactId: string
  /** The primary address as the CRM holds it; what it links is made of it by `readAddressField`. */
  readonly email: string | null
  /** The CRM did not tell the primary address (a missing property, no null): it is counted where it was. */
  readonly emailUnreadable?: true
  /** The CRM did not tell some other address: those that it had count on, beside those that are told. */
  readonly otherEmailsUnreadable?: true
  /**
   * Further addresses of the record (SuperOffice). There it counts as a deny while withdrawn, never as an allow, and
   * only the primary address's cell writes it (C5). Empty where a CRM has one address a record.
   */
  readonly otherEmails: readonly string[]
  /**
   * What else the record shows as addresses of the person (Dynamics' `emailaddress2` and `emailaddress3`). There it counts as
   * a deny at the send gate, never as an allow, and nothing crosses (B8). Empty where a CRM has none.
   */
  readonly denyOnlyEmails: readonly string[]
  readonly state: CrmContactState
  /** The surviving record when `state` is `merged`. */
  readonly mergedInto: string | null
  /** When the record was registered (Unix ms): the oldest is the one that a rich CRM is read from (C5). */
  readonly registeredAtMs: number | null
  readonly consents: Partial<Readonly<Record<Purpose, CrmConsent>>>
}

/** Stands for the category of a row of which the CRM does not tell it: it may be any. No category's id is empty. */
export const UNKNOWN_CATEGORY = ''

/** Stands for the contact of a row of which the CRM does not tell it: it may be anybody. No contact's id is empty. */
export const UNKNOWN_CONTACT = ''

/** A contact's subscription to a category, as a row of the CRM. */
export interface CrmSubscription {
  readonly rowId: string
  /** null: nobody, or a known row's is hidden: it counts for whom it did. {@link UNKNOWN_CONTACT}: the same; of a new row, anybody. */
  readonly contactId: string | null
  /**
   * eMarketeer's category id; null: a category that someone added in the CRM, reported and ignored (D3);
   * {@link UNKNOWN_CATEGORY}: it counts for the category that it did, for any where none was known.
   */
  readonly categoryId: string | null
  /** null = unknown, neither Yes nor No. */
  readonly subscribed: boolean | null
  readonly version: string
  /** A row that a merge brought from another contact: its No counts, then it is deleted. */
  readonly foreign: boolean
}

/** What a direct read answers. */
export interface CrmReading {
  readonly contacts: readonly CrmContact[]
  readonly subscriptions: readonly CrmSubscription[]
  /** Ids that were asked for and do not exist any more. Empty when read by e-mail. */
  readonly missingContactIds: readonly string[]
  /**
   * Addresses among those asked for at which somebody may be whose record cannot be made out: unknown, not nobody. Absent:
   * none, and when read by id, where such a record is unreadable itself.
   */
  readonly unknownEmails?: readonly string[]
}

/** Which contacts to read: by their own ids, or everybody at these addresses. At most 1,000. */
export type CrmReadRequest =
  | { readonly by: 'contactId'; readonly contactIds: readonly string[] }
  | { readonly by: 'email'; readonly emails: readonly string[] }

/** One page of changes. What a page does not contain is neither deleted nor withdrawn (F3). */
export interface CrmChangePage {
  readonly contacts: readonly CrmContact[]
  readonly subscriptions: readonly CrmSubscription[]
  readonly deletedContactIds: readonly string[]
  readonly deletedSubscriptionRowIds: readonly string[]
  /** Of a complete listing: addresses of records that cannot be made out; see {@link CrmReading.unknownEmails}. */
  readonly unknownEmails?: readonly string[]
  /**
   * A row of this page, or of one before, does not tell whose it is: of whom the reading does not mention nothing is known.
   * Absent: there is none, or only one that counts elsewhere in the page as of everybody that it may be of.
   */
  readonly unattributed?: boolean
  /** True where this is a complete listing from nothing and not a delta. */
  readonly baseline: boolean
  /** On the last page: the cursor to store once every page was handled; else null. */
  readonly nextCursor: string | null
  /**
   * On the last page, of a CRM that is read by its records' times: those from the future, which every reading finds
   * again. Absent: the CRM is not read by times.
   */
  readonly futureStamps?: readonly FutureStamp[]
}

/** A record whose time lies further ahead of our clock than clocks are apart. */
export interface FutureStamp {
  readonly contactId: string
  /** Unix ms. */
  readonly atMs: number
}

/** One conditional write. */
export type CrmWrite =
  | {
      readonly kind: 'consent'
      readonly contactId: string
      readonly purpose: Purpose
      readonly value: ToggleValue | LegalBasis
      readonly expectedVersion: string
    }
  | {
      readonly kind: 'subscription'
      readonly rowId: string
      readonly subscribed: boolean
      readonly expectedVersion: string
    }
  | {
      /** Only for rows known to be absent. */
      readonly kind: 'createSubscription'
      readonly contactId: string
      readonly categoryId: string
      readonly categoryName: string
      readonly subscribed: boolean
    }
  | {
      readonly kind: 'deleteSubscription'
      readonly rowId: string
      readonly expectedVersion: string
    }

/** A write that went by itself, by our clock, Unix ms. `answeredAtMs` null: the answer was lost. */
export interface SentWrite {
  readonly sentAtMs: number
  readonly answeredAtMs: number | null
}

/** What became of one write. Expected outcomes are values, not errors. */
export type CrmWriteOutcome =
  /** `version` null: applied, version not told; the row must be read before it proves anything. */
  | {
      readonly status: 'applied'
      readonly version: string | null
      readonly rowId: string | null
      /**
       * Where the CRM cannot refuse a stale write: the value as read back after ours (value, version, last writer),
       * which may be somebody else's already. Absent: the write itself was conditional.
       */
      readonly readBack?: CrmConsent
      /** When this write left us and was answered, where it went by itself. Absent: together with others, or not at all. */
      readonly sent?: SentWrite
    }
  /** The row moved: read and decide again, at once. */
  | { readonly status: 'conflict' }
  /** The record is gone. */
  | { readonly status: 'gone' }
  /** This row alone is refused (a customer's plug-in, a bad value): isolated, reported, not retried blindly. */
  | { readonly status: 'refused'; readonly upstreamCode: string | null }
  /** The answer was lost; it may have been applied, or may still land. */
  | { readonly status: 'unknown'; readonly error: Error }
  /** Not sent because an earlier part of the same call failed as a whole (429, auth, unreachable). */
  | { readonly status: 'notSent'; readonly error: Error }

/** When and by whom a value was set, as the CRM's own history tells. */
export interface CrmFieldHistory {
  readonly contactId: string
  readonly value: ToggleValue
  readonly atMs: number
  readonly epsMs: number
  /** The CRM's user id, or null. */
  readonly userId: string | null
}
