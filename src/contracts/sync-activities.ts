import type { Requests, WorkReport } from './work-report.js'
import type { Trigger } from './names.js'
import type { PreSendRequest, PreSendResult } from './pre-send.js'
import type { SweepNote } from './sweep.js'

/**
 * What workflows ask of activities. Everything here is a reference, a cursor or a count: never an address, a name or a
 * list of contacts (docs/architecture.md, "People stay in the ledger").
 */

/** One run of the sync for one connection. */
export interface RunReference {
  readonly connectionId: string
  readonly runId: string
  readonly tier: Trigger
}

/** Where a stretch of due work goes on. Ledger ids and ticks only. */
export interface DueCursor {
  readonly upTo: number
  readonly after: { readonly addressId: number; readonly dirtyTick: number } | null
}

/** A stretch of due work, and where the next one goes on; null: that was all. */
export interface DueReport extends WorkReport {
  readonly next: DueCursor | null
}

/** What a sendout's run is, once its request is accepted. */
export interface OpenedSendout {
  readonly sendoutRunId: string
  readonly connectionId: string
  readonly crm: string
}

/**
 * How a sendout proves that both sides are fresh. `delta`: a complete delta of both sides that began after the sendout
 * asked proves everybody. `direct`: each targeted contact is read. `emarketeerOnly`: there is no CRM.
 */
export type FreshnessProof = 'delta' | 'direct' | 'emarketeerOnly'

/** A range of a sendout's targeted contacts, by position. */
export interface MembersReference {
  readonly sendoutRunId: string
  readonly connectionId: string
  readonly runId: string
  readonly from: number
  readonly to: number
  readonly proof: FreshnessProof
}

/** Activities of sweep, webhooks, resync and of set-up's first sync. */
export interface SyncActivities {
  /** Starts the sweep's cron workflow; safe to repeat. */
  startSweep(input: { connectionId: string }): Promise<void>
  /** The connection is set up: webhooks and sweeps act from now on. */
  activateConnection(input: { connectionId: string }): Promise<void>
  /** Brings the categories to the CRM (D3). */
  syncCategories(input: RunReference): Promise<WorkReport>
  /** Reads what changed on both sides since the last time; `unreadable`: records that could not be, in words. */
  catchUpBoth(
    input: RunReference,
  ): Promise<WorkReport & { readonly unreadable?: readonly string[] }>
  /** Passes over what is due, a few batches. */
  syncDue(
    input: RunReference & { reading: 'direct' | 'copy'; place: DueCursor | null },
  ): Promise<DueReport>
  /** Releases what the run staged, or holds it for approval (F4). */
  settleRun(input: RunReference): Promise<WorkReport>
  /** Handles the hints of one inbox shard that are due. */
  drainInbox(
    input: RunReference & { shard: number },
  ): Promise<WorkReport & { nextDueMs: number | null }>
  /** Marks addresses for a resync: those named (by their ledger ids), or all that are linked. */
  markForResync(input: RunReference & { addressIds: readonly number[] | null }): Promise<void>
  /** Reads and decides as a resync would, and writes nothing. */
  rehearse(
    input: RunReference & { addressIds: readonly number[] | null; after: number },
  ): Promise<WorkReport & { next: number | null }>
  /**
   * What lies in the CRM and is left alone, in sentences for a status (C2, D3): names of categories and of legal bases,
   * and counts; no address, nobody's name.
   */
  tellNotices(input: { connectionId: string }): Promise<readonly string[]>
  /** Removes what is kept for a limited time only, and looks after webhooks. @returns what could not be done, in words. */
  tidyUp(input: { connectionId: string }): Promise<{ untidy: readonly string[] }>
  /** Keeps what a sweep came to, for `connection show`. */
  noteSweep(input: SweepNote): Promise<void>
}

/** Activities of a pre-send. */
export interface PreSendActivities {
  /**
   * Finds whose a request is before anything is waited for. Its shape is judged by the workflow already.
   * @returns when to start and by when to be done (Unix ms).
   */
  checkPreSend(input: { request: PreSendRequest }): Promise<{
    connectionId: string
    accountId: string
    crm: string
    startAtMs: number | null
    deadlineMs: number | null
  }>
  /** Opens the run that the result and the list belong to, on the connection that the account has by now. */
  openSendout(input: {
    request: PreSendRequest
    /** As the check found it; null where that was cut off, absent from runs of former releases. */
    accountId?: string | null
    sendoutRunId: string
    deadlineMs: number
  }): Promise<OpenedSendout>
  /** Fixes who is targeted, at this moment. */
  fixAudience(input: {
    sendoutRunId: string
    connectionId: string
    request: PreSendRequest
  }): Promise<{ targeted: number; requests: Requests }>
  /** Chooses the cheapest proof that both sides are fresh, and gives it where one reading proves everybody. */
  proveFreshness(input: {
    sendoutRunId: string
    connectionId: string
    runId: string
  }): Promise<{ proof: FreshnessProof; requests: Requests }>
  /** Force-syncs a range of targeted contacts. */
  syncMembers(input: MembersReference): Promise<WorkReport>
  /** Decides everybody by the send gate, eMarketeer's own acts read last. */
  decideMembers(input: {
    sendoutRunId: string
    connectionId: string
    runId: string
  }): Promise<{ requests: Requests }>
  /** Closes the run: result and receipt. */
  closeSendout(input: {
    sendoutRunId: string
    proof: FreshnessProof | null
    onUnverified: 'exclude' | 'abort'
    aborted: boolean
    problems: readonly string[]
  }): Promise<PreSendResult>
}
