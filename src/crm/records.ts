import type { LegalBasis, Purpose } from '../domain/legal-basis.js'
import type { LastWriter, ToggleValue } from '../domain/reconcile/types.js'
import type { RichValue } from '../domain/tenant-basis.js'

/**
 * When a rich CRM's row was written, by the CRM's clock and for every writer. Unix ms. Raw: the rule decides whether it
 * proves anything (docs/reconciliation.md, "Stamps of SuperOffice").
 */
export interface RowTimes {
  /** When it was inserted; null: unknown. */
  readonly registeredMs: number | null
  /** When it was last updated; null: never, or unknown. */
  readonly updatedMs: number | null
  /** Inserted, and never updated since. */
  readonly onlyInserted: boolean
}

/**
 * One consent value of one record. `value` null: unreadable (missing column, no right), so unknown and never written.
 */
export interface CrmConsent {
  readonly value: ToggleValue | RichValue | null
  /** For conditional writes and to detect a moved row; compared for equality only. */
  readonly version: string
  readonly lastWriter: LastWriter
  /** Only rich CRMs have times on the row; toggle CRMs have {@link CrmClient.readFieldHistory}. */
  readonly times?: RowTimes
}

/** Whether a record counts. The rule sees only `live` ones; the others end or move the link (F5). */
export type CrmContactState = 'live' | 'deactivated' | 'merged'

/** A contact as read. */
export interface CrmContact {
  readonly contactId: string
  /** The primary address as the CRM holds it. `readAddressField` makes the linked address of it. */
  readonly email: string | null
  /** The CRM does not show the primary address (a missing property, not null): the record counts where it was. */
  readonly emailUnreadable?: true
  /** The CRM does not show some other address: those that the record had still count, besides those that it shows. */
  readonly otherEmailsUnreadable?: true
  /**
   * Further addresses of the record (SuperOffice). The record counts there as a deny while withdrawn, never as an
   * allow, and only the primary address's cell writes it (C5). Empty for a CRM with one address per record.
   */
  readonly otherEmails: readonly string[]
  /**
   * Other addresses of the person on the record (Dynamics' `emailaddress2` and `emailaddress3`). The record counts
   * there as a deny at the send gate, never as an allow, and nothing crosses (B8). Empty for a CRM that has none.
   */
  readonly denyOnlyEmails: readonly string[]
  readonly state: CrmContactState
  /** The surviving record when `state` is `merged`. */
  readonly mergedInto: string | null
  /** When the record was registered (Unix ms). A rich CRM is read from the oldest one (C5). */
  readonly registeredAtMs: number | null
  readonly consents: Partial<Readonly<Record<Purpose, CrmConsent>>>
}

/** A contact's subscription to a category: a row of the CRM. */
export interface CrmSubscription {
  readonly rowId: string
  /**
   * null: nobody, or hidden on a known row, which then counts for its former contact. `UNKNOWN_CONTACT`: hidden;
   * a new row may be anybody's.
   */
  readonly contactId: string | null
  /**
   * eMarketeer's category id; null: a category that someone added in the CRM, reported and ignored (D3);
   * `UNKNOWN_CATEGORY`: the row counts for its former category, or for any if none was known.
   */
  readonly categoryId: string | null
  /** null: unknown, neither Yes nor No. */
  readonly subscribed: boolean | null
  readonly version: string
  /** A merge brought the row from another contact: its No counts, then it is deleted. */
  readonly foreign: boolean
}

/** The result of a direct read. */
export interface CrmReading {
  readonly contacts: readonly CrmContact[]
  readonly subscriptions: readonly CrmSubscription[]
  /** Requested ids that no longer exist. Empty for a read by e-mail. */
  readonly missingContactIds: readonly string[]
  /**
   * Requested addresses where a record exists that cannot be read: unknown, not nobody. Absent: none, or a read by id,
   * which reports such a record as unreadable.
   */
  readonly unknownEmails?: readonly string[]
}

/** Which contacts to read: by id, or everybody at these addresses. At most 1,000. */
export type CrmReadRequest =
  | { readonly by: 'contactId'; readonly contactIds: readonly string[] }
  | { readonly by: 'email'; readonly emails: readonly string[] }

/** One page of changes. What a page does not contain is neither deleted nor withdrawn (F3). */
export interface CrmChangePage {
  readonly contacts: readonly CrmContact[]
  readonly subscriptions: readonly CrmSubscription[]
  readonly deletedContactIds: readonly string[]
  readonly deletedSubscriptionRowIds: readonly string[]
  /** Of a complete listing: addresses of records that cannot be read; see {@link CrmReading.unknownEmails}. */
  readonly unknownEmails?: readonly string[]
  /**
   * A row of this page or an earlier one does not name its owner, so nothing is known of anybody whom the reading does
   * not contain. Absent: there is no such row, or each one already counts in the page for everybody to whom it may
   * belong.
   */
  readonly unattributed?: boolean
  /** Whether this is a complete listing and not a delta. */
  readonly baseline: boolean
  /** On the last page: the cursor to store once every page is handled; otherwise null. */
  readonly nextCursor: string | null
  /**
   * On the last page, of a CRM that is read by its records' times: times in the future, which every reading finds
   * again. Absent: the CRM is not read by times.
   */
  readonly futureStamps?: FutureStamps
}

/** Records whose time is further ahead of our clock than clocks differ. */
export interface FutureStamps {
  /** How many records. */
  readonly count: number
  /** Some of them, furthest ahead first; `at` is ISO 8601 in UTC. */
  readonly records: readonly { readonly contactId: string; readonly at: string }[]
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

/** A write that was sent alone, by our clock, Unix ms. `answeredAtMs` null: the answer was lost. */
export interface SentWrite {
  readonly sentAtMs: number
  readonly answeredAtMs: number | null
}

/** The result of one write. Expected outcomes are values, not errors. */
export type CrmWriteOutcome =
  /** `version` null: applied, but the version is unknown; the row proves nothing until it is read. */
  | {
      readonly status: 'applied'
      readonly version: string | null
      readonly rowId: string | null
      /**
       * If the CRM cannot refuse a stale write: the value as read back after ours, which may already be somebody
       * else's. Absent: the write itself was conditional.
       */
      readonly readBack?: CrmConsent
      /** When this write was sent and answered, if it was sent alone. Absent: sent with others, or not at all. */
      readonly sent?: SentWrite
    }
  /** The row moved: read and decide again immediately. */
  | { readonly status: 'conflict' }
  /** The record was deleted. */
  | { readonly status: 'gone' }
  /** Only this row is refused (a customer's plug-in, a bad value): isolated, reported, not retried blindly. */
  | { readonly status: 'refused'; readonly upstreamCode: string | null }
  /** The answer was lost: the write may have been applied, or may still be. */
  | { readonly status: 'unknown'; readonly error: Error }
  /** Not sent because an earlier part of the same call failed completely (429, credentials, unreachable). */
  | { readonly status: 'notSent'; readonly error: Error }

/** When and by whom a value was set, by the CRM's own history. */
export interface CrmFieldHistory {
  readonly contactId: string
  readonly value: ToggleValue
  readonly atMs: number
  readonly epsMs: number
  /** The CRM's user id, or null. */
  readonly userId: string | null
}
