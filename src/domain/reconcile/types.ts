import type { LegalBasis } from '../legal-basis.js'
import type { BasisMapping } from '../tenant-basis.js'

/**
 * The vocabulary of the rule (docs/reconciliation.md): what a pass read, what is stored per cell, and what was decided.
 * Pure data; `V` is the CRM's value, a {@link ToggleValue} or a {@link RichValue}.
 */

/** Dynamics' toggle, and Yes/No of a subscription in a CRM. On the wire `donotbulkemail` true = deny. */
export type ToggleValue = 'allow' | 'deny'

/** The last writer of a CRM value, if the CRM states it. */
export type LastWriter = 'us' | 'user' | 'default' | 'unknown'

/**
 * eMarketeer's value of a cell. A subscription is `consent` for Yes and `withdrawn` for No; a Yes that was never set
 * has version 0 and is nobody's act.
 */
export interface EmarketeerReading {
  readonly basis: LegalBasis
  /** Rises by one with every act; 0 = never set. */
  readonly version: number
  /** Last positive act by a person (the earlier of eventTime and recordedAt), Unix milliseconds; null: unknown. */
  readonly lastPositiveActMs: number | null
  /**
   * Last deny by a person (the later of eventTime and recordedAt), Unix milliseconds; null: unknown. For a CRM deny
   * that we wrote to eMarketeer ourselves it may be the eventTime: a later time only makes a loosening harder to prove.
   */
  readonly lastDenyActMs: number | null
}

/** When a person set a record's present value, with the uncertainty of that time. */
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
  /** Set only if the CRM proves when a *person* set this value; never for our own write. */
  readonly stamp: Stamp | null
  /** Rich CRMs: the row was inserted and never updated. Absent: the CRM does not say. */
  readonly onlyInserted?: boolean
  /**
   * A deny that follows the person to this record, from a merged duplicate or from the address that the person left
   * (rule F5). It counts as deny, and nothing is provably later. `arrivedDenies` determines when it ends.
   */
  readonly carriedDeny: boolean
  /** What it took along from its former cell. Absent or null: a pass has observed it since, or it never left a cell. */
  readonly leftWith?: LeftWith<V> | null
  /**
   * The ledger was restored or the connection created again, and no pass has observed this record since: our writes to it
   * may be forgotten, so a rich row that we wrote last is in doubt. Absent: false.
   */
  readonly forgotten?: boolean
}

/**
 * What a record takes along from the cell that it leaves, to another address or until it returns. It is needed because
 * our writes in progress do not take the move into account.
 */
export interface LeftWith<V> {
  /** The former cell's last observation and open writes, from which doubt is determined (R0). */
  readonly seen: SeenRecord<V>
  /** The guard of our Allow with an unknown outcome, or null. */
  readonly openAllow: string | null
}

/** A consistent observation: eMarketeer did not move while the CRM was read. */
export interface Observation<V> {
  readonly emarketeer: EmarketeerReading
  /** Live records, oldest first (rich: the first decides, rule C5). Never empty. */
  readonly records: readonly RecordReading<V>[]
  /** The present epoch; an observation of an older one proves nothing. */
  readonly epoch: number
  /**
   * Rich CRMs: the version after an insert, measured at set-up (0 or 1). Absent or null: not measured, and both count
   * as our insert.
   */
  readonly firstVersion?: number | null
  /** Rich CRMs: the present mapping of the tenant's own bases. Absent: none. */
  readonly basisMapping?: BasisMapping
  /**
   * Rich CRMs: whether this installation is known to raise a version by one per write. Absent or false: unknown, so a
   * stamp proves no act.
   */
  readonly countsWrites?: boolean
}

/** One record of the stored observation. */
export interface SeenRecord<V> {
  readonly recordId: string
  readonly value: V
  /** null: our write was acknowledged without a version, and the record is unproven until it is read again. */
  readonly version: string | null
  /** The value that the decision intended to write, or null. */
  readonly want: V | null
  /** The record left the address. It is kept while its deny is stored nowhere else (an inherited deny). */
  readonly left?: true
  /** Its value is a tenant's own basis that was unmapped at the decision. */
  readonly unmapped?: true
  /**
   * Rich CRMs: a user set this value, not only saved it again (`isSetByUser`). Absent: we did, or it is not known who
   * did.
   */
  readonly setByUser?: true
  /**
   * Rich CRMs: loosening values of our earlier writes with unknown outcome, which may still land on a person's newer
   * answer. Absent: none.
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
   * The set of live records changed and both sides have not agreed since. Until then no stamp counts, because a
   * departed deny may be later.
   */
  readonly setUnsettled?: true
}

/** What is stored per cell in addition to the systems' values. */
export interface CellMemory<V> {
  readonly seen: Seen<V> | null
  /** Per record: the guard of our Allow with unknown outcome (toggle CRMs). */
  readonly openAllow: Readonly<Record<string, string>>
  /** The guard of our loosening write to eMarketeer with unknown outcome. */
  readonly openLoosen: number | null
  /**
   * Denies of records that left since the last observation (`denyOfLeaver`), each marked `left`. Their time is unknown,
   * so nothing is provably later. The next observation moves them into `seen`.
   */
  readonly departed: readonly SeenRecord<V>[]
}

/** The memory of a new cell. */
export const EMPTY_MEMORY: CellMemory<never> = {
  seen: null,
  openAllow: {},
  openLoosen: null,
  departed: [],
}

/** The line of the rule that fired: T for toggle CRMs, R for rich ones. */
export type RuleLine = 'T1' | 'T2' | 'T3' | 'T4' | 'R0' | 'R1' | 'R2' | 'R3' | 'R4' | 'R5'

/**
 * Rich CRMs: what the oldest row's time is worth as proof of a CRM user's later act. `counts`; `unknown`: no comparable
 * time of a person's write; `firstLink`: nothing stored to compare with; `writtenAgain`: not written exactly once
 * since, or it holds the old value, so the time may be that of a saved card; `notCounted`: the CRM is not known to
 * raise the version by one per write.
 */
export type RowTime = 'counts' | 'unknown' | 'firstLink' | 'writtenAgain' | 'notCounted'

/** All inputs of the decision, stored in the consent event for `why`. */
export interface DecisionInputs {
  readonly emarketeerMoved: boolean | null
  readonly crmMoved: boolean | null
  readonly recordSetChanged: boolean
  readonly emarketeerMaybeOurs: boolean
  readonly crmMaybeOurs: boolean
  readonly laterEmarketeer: boolean
  readonly laterCrm: boolean
  /** The kind of proof of the later side. */
  readonly proof: 'version' | 'stamp' | 'none'
  readonly seenEpochIsCurrent: boolean
  readonly carriedDeny: boolean
  /** A departed record had a deny that eMarketeer has not taken over. */
  readonly inheritedDeny: boolean
  /** Rich CRMs only. */
  readonly rowTime?: RowTime
}

/** The targets for both systems. */
export interface Decision<V> {
  readonly line: RuleLine
  readonly emarketeerTarget: LegalBasis
  /** Target of each record. It is written only if it differs from the record's value. */
  readonly recordTargets: readonly { readonly recordId: string; readonly target: V }[]
  readonly inputs: DecisionInputs
  /** Records with a tenant's own basis that has no counterpart in eMarketeer. */
  readonly unmapped: readonly string[]
  /**
   * The sides disagree and field history could give the missing proof: the sync reads it, sets {@link
   * RecordReading.stamp} and decides again before it takes the restrictive value.
   */
  readonly wantsStamp: boolean
  /** Only an unrelated edit of the row spoiled the proof. */
  readonly ambiguous: boolean
}

/** One conditional write. */
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

/** The memory to store before any call, and the writes, tightening first. */
export interface Plan<V> {
  readonly memory: CellMemory<V>
  readonly writes: readonly CellWrite<V>[]
}
