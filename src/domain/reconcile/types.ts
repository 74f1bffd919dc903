import type { LegalBasis } from '../legal-basis.js'
import type { BasisMapping } from '../tenant-basis.js'

/**
 * The vocabulary of the rule (docs/reconciliation.md): what a pass has read, what is stored per cell, and what
 * was decided. Pure data; `V` is the CRM's value, a {@link ToggleValue} or a {@link RichValue}.
 */

/** Dynamics' toggle, and Yes/No of a subscription in a CRM. On the wire `donotbulkemail` true = deny. */
export type ToggleValue = 'allow' | 'deny'

/** Who wrote a CRM value last, as far as the CRM tells. */
export type LastWriter = 'us' | 'user' | 'default' | 'unknown'

/**
 * eMarketeer's value of a cell.
 *
 * A subscription is `consent` for Yes and `withdrawn` for No; a Yes that was never set has version 0
 * and is nobody's act.
 */
export interface EmarketeerReading {
  readonly basis: LegalBasis
  /** Rises by one with every act; 0 = never set. */
  readonly version: number
  /** Last positive act by a person (the earlier of eventTime and recordedAt), or null where unknown. Unix milliseconds. */
  readonly lastPositiveActMs: number | null
  /**
   * Last deny by a person (the later of eventTime and recordedAt), or null where unknown. Unix milliseconds.
   * Where the present withdrawal is our own copy of a CRM deny, its eventTime may be given: a later time can only
   * make a loosening harder to prove.
   */
  readonly lastDenyActMs: number | null
}

/** When a person set the present value of a CRM record, and how far that clock may be off. */
export interface Stamp {
  readonly atMs: number
  readonly epsMs: number
}

/** One live CRM record at the cell's address, as read. */
export interface RecordReading<V> {
  readonly recordId: string
  readonly value: V
  /** Toggle: the etag, compared for equality only. Rich: `updatedCount` as text, or `none` for no row. */
  readonly version: string
  readonly lastWriter: LastWriter
  /** Only where the CRM proves when a *person* set this very value; never our own write's stamp. */
  readonly stamp: Stamp | null
  /**
   * Rich CRMs: the row has only been inserted, and never updated since. Absent: the CRM does not tell.
   */
  readonly onlyInserted?: boolean
  /**
   * A deny that follows the person onto this record although the record itself says otherwise: the opt-out of a
   * merged duplicate, or a withdrawal at the address that the person has left (rule F5). Counts as deny, and nothing is
   * provably later than it. When the mark may be dropped: `arrivedDenies`.
   */
  readonly carriedDeny: boolean
  /** What it took along when it left its last cell; absent or null: a pass has observed it since, or it never left one. */
  readonly leftWith?: LeftWith<V> | null
  /**
   * The ledger was restored, or the connection made anew, and no pass since has observed this record: what we wrote to
   * it may be forgotten, so a rich row that we wrote last is in doubt. Absent = false.
   */
  readonly forgotten?: boolean
}

/**
 * What a record takes along from the cell that it leaves, to the same address when it comes back, or to another one: our
 * calls do not know that it left.
 */
export interface LeftWith<V> {
  /** What that cell had last seen of it, and was about to write: what a doubt (R0) is judged by. */
  readonly seen: SeenRecord<V>
  /** The version that guards an Allow of ours whose outcome is unknown, or null. */
  readonly openAllow: string | null
}

/** A consistent observation: E's version did not move while the CRM was read. */
export interface Observation<V> {
  readonly emarketeer: EmarketeerReading
  /** Live records, oldest first (rich: the first one is the one that is read, rule C5). Never empty. */
  readonly records: readonly RecordReading<V>[]
  /** The connection's present epoch; a stored observation of an older one proves nothing. */
  readonly epoch: number
  /**
   * Rich CRMs: the version of a row that was just inserted, as set-up measured it (0 or 1). Absent or null = not
   * measured; then both are taken for our own insert.
   */
  readonly firstVersion?: number | null
  /** Rich CRMs: what the connection file makes of the tenant's own bases, as it says now. Absent: nothing. */
  readonly basisMapping?: BasisMapping
  /**
   * Rich CRMs: whether this installation is known to raise a row's version by exactly one at every write. Absent or
   * false: not known, so that a stamp proves no CRM user's act.
   */
  readonly countsWrites?: boolean
}

/** One record inside the stored observation. */
export interface SeenRecord<V> {
  readonly recordId: string
  readonly value: V
  /** null: our write was acknowledged without a version; unproven until the row is read again. */
  readonly version: string | null
  /** The value that the decision was about to write, or null. */
  readonly want: V | null
  /**
   * The record is no longer live at the address. It is kept while its deny stands in no other place yet: an
   * inherited deny.
   */
  readonly left?: true
  /** Its value is a tenant's own basis, which no file mapped when the decision was made. */
  readonly unmapped?: true
  /**
   * Rich CRMs: values that permit something, of earlier writes of ours whose outcome was never learned. They may land yet,
   * on whatever a person has answered since. Absent: none.
   */
  readonly open?: readonly V[]
}

/** The last consistent observation, stored in one transaction with the decision. */
export interface Seen<V> {
  readonly basis: LegalBasis
  readonly version: number
  readonly records: readonly SeenRecord<V>[]
  readonly epoch: number
  /**
   * The set of live records changed, and the two sides have not been seen in full agreement since: no stamp counts,
   * because a deny that left with its record may be later than any stamp still to be seen.
   */
  readonly setUnsettled?: true
}

/** What is stored per cell besides the sources' own values. */
export interface CellMemory<V> {
  readonly seen: Seen<V> | null
  /** Per record: the version that guards an Allow of ours whose outcome is unknown (toggle CRMs). */
  readonly openAllow: Readonly<Record<string, string>>
  /** The version that guards a loosening write of ours to eMarketeer whose outcome is unknown. */
  readonly openLoosen: number | null
  /**
   * Denies of records that have left since the last observation (`denyOfLeaver`), each marked `left`: when they were given
   * is unknown, so nothing is provably later. The next observation takes them into `seen`.
   */
  readonly departed: readonly SeenRecord<V>[]
}

/** A cell nobody has looked at yet. */
export const EMPTY_MEMORY: CellMemory<never> = {
  seen: null,
  openAllow: {},
  openLoosen: null,
  departed: [],
}

/** The line of the rule that fired: T for toggle CRMs, R for rich ones. */
export type RuleLine = 'T1' | 'T2' | 'T3' | 'T4' | 'R0' | 'R1' | 'R2' | 'R3' | 'R4' | 'R5'

/**
 * Rich CRMs: what the time of the oldest row is worth as proof that a CRM user acted later. `counts`; else why not:
 * `unknown`, no time that may be compared, or not of a person's write; `firstLink`, nothing is stored to compare with;
 * `writtenAgain`, the row was not written exactly once since, or its value is the old one, so that the time may be that
 * of a card that was merely saved; `notCounted`, this installation is not known to count one per write.
 */
export type RowTime = 'counts' | 'unknown' | 'firstLink' | 'writtenAgain' | 'notCounted'

/** Everything that the decision rested on; kept in the consent event so that `why` can tell. */
export interface DecisionInputs {
  readonly emarketeerMoved: boolean | null
  readonly crmMoved: boolean | null
  readonly recordSetChanged: boolean
  readonly emarketeerMaybeOurs: boolean
  readonly crmMaybeOurs: boolean
  readonly laterEmarketeer: boolean
  readonly laterCrm: boolean
  /** Which kind of proof made one side provably later. */
  readonly proof: 'version' | 'stamp' | 'none'
  readonly seenEpochIsCurrent: boolean
  readonly carriedDeny: boolean
  /** A record that left had denied, and that deny had not reached eMarketeer. */
  readonly inheritedDeny: boolean
  /** Rich CRMs only. */
  readonly rowTime?: RowTime
}

/** What is to stand in both systems. */
export interface Decision<V> {
  readonly line: RuleLine
  readonly emarketeerTarget: LegalBasis
  /** Target of each record; a record is written only where this differs from its value. */
  readonly recordTargets: readonly { readonly recordId: string; readonly target: V }[]
  readonly inputs: DecisionInputs
  /** Records whose value, a tenant's own basis, is not taken for one of eMarketeer's. */
  readonly unmapped: readonly string[]
  /**
   * The two sides disagreed, no proof could be had, and field history could give it: the sync asks the CRM's field
   * history, fills in {@link RecordReading.stamp} and decides again, before the restrictive value is taken.
   */
  readonly wantsStamp: boolean
  /** Only an unrelated edit of the row spoiled the proof (marked in the event, counted, listed). */
  readonly ambiguous: boolean
}

/** One conditional write that follows from a decision. */
export type CellWrite<V> =
  | {
      readonly side: 'emarketeer'
      readonly value: LegalBasis
      readonly expectedVersion: number
      readonly loosens: boolean
    }
  | {
      readonly side: 'crm'
      readonly recordId: string
      readonly value: V
      readonly expectedVersion: string
      readonly loosens: boolean
    }

/** What to store in one transaction, before any call, and the writes: tightening first. */
export interface Plan<V> {
  readonly memory: CellMemory<V>
  readonly writes: readonly CellWrite<V>[]
}
