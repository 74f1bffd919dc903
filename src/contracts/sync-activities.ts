import type { Requests, WorkReport } from './work-report.js'
import type { Trigger } from './names.js'
import type { PreSendRequest, PreSendResult } from './pre-send.js'
import type { SweepNote } from './sweep.js'

/**
 * The workflows' sync activities. Every value is a reference, a cursor or a count: never an address, a name or a list
 * of contacts (docs/architecture.md, "People stay in the ledger").
 */

/** One run of the sync for one connection. */
export interface RunReference {
  readonly connectionId: string
  readonly runId: string
  readonly tier: Trigger
}

/** Cursor of the next part of the due addresses. It contains ledger ids and ticks only. */
export interface DueCursor {
  readonly upTo: number
  readonly after: { readonly addressId: number; readonly dirtyTick: number } | null
}

/** Report on a part of the due addresses, with the cursor of the next part; null: there is none. */
export interface DueReport extends WorkReport {
  readonly next: DueCursor | null
}

/** A sendout's run after its request was accepted. */
export interface OpenedSendout {
  readonly sendoutRunId: string
  readonly connectionId: string
  readonly crm: string
}

/**
 * How a sendout proves that both sides are fresh. `delta`: a complete delta of both sides that began after the
 * sendout's request proves everybody. `direct`: each targeted contact is read. `emarketeerOnly`: there is no CRM.
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

/** Activities of sweeps, webhooks, resyncs and set-up's first sync. */
export interface SyncActivities {
  /** Starts the sweep's cron workflow; safe to repeat. */
  startSweep(input: { connectionId: string }): Promise<void>
  /** Ends set-up: from then on webhooks and sweeps are handled. */
  activateConnection(input: { connectionId: string }): Promise<void>
  /** Copies the categories to the CRM (D3). */
  syncCategories(input: RunReference): Promise<WorkReport>
  /**
   * Reads the changes on both sides since the last reading. `unreadable`: sentences on records that could not be read.
   */
  catchUpBoth(
    input: RunReference,
  ): Promise<WorkReport & { readonly unreadable?: readonly string[] }>
  /** Runs a pass over a few batches of due addresses. */
  syncDue(
    input: RunReference & { reading: 'direct' | 'copy'; place: DueCursor | null },
  ): Promise<DueReport>
  /** Releases the run's staged decisions, or holds them for approval (F4). */
  settleRun(input: RunReference): Promise<WorkReport>
  /** Handles the due hints of one inbox shard. */
  drainInbox(
    input: RunReference & { shard: number },
  ): Promise<WorkReport & { nextDueMs: number | null }>
  /** Marks addresses for a resync: those given by ledger id, or all linked ones. */
  markForResync(input: RunReference & { addressIds: readonly number[] | null }): Promise<void>
  /** Reads and decides as a resync does, but does not write. */
  rehearse(
    input: RunReference & { addressIds: readonly number[] | null; after: number },
  ): Promise<WorkReport & { next: number | null }>
  /**
   * Sentences on the data in the CRM that we do not change (C2, D3): names of categories and of legal bases, and
   * counts; no address and no person's name.
   */
  tellNotices(input: { connectionId: string }): Promise<readonly string[]>
  /** Removes data whose retention has ended, and maintains webhooks. @returns sentences on what could not be done. */
  tidyUp(input: { connectionId: string }): Promise<{ untidy: readonly string[] }>
  /** Stores a sweep's result, for `connection show`. */
  noteSweep(input: SweepNote): Promise<void>
}

export interface PreSendActivities {
  /**
   * Finds a request's account and connection, before any wait. The workflow has already checked its shape.
   * @returns the start, and the deadline (Unix ms).
   */
  checkPreSend(input: { request: PreSendRequest }): Promise<{
    connectionId: string
    accountId: string
    crm: string
    startAtMs: number | null
    deadlineMs: number | null
  }>
  /** Opens the run of the result and the list, on the account's current connection. */
  openSendout(input: {
    request: PreSendRequest
    /** From the check; null if that was cut off, absent in runs of former releases. */
    accountId?: string | null
    sendoutRunId: string
    deadlineMs: number
  }): Promise<OpenedSendout>
  /** Fixes the targeted contacts as of this moment. */
  fixAudience(input: {
    sendoutRunId: string
    connectionId: string
    request: PreSendRequest
  }): Promise<{ targeted: number; requests: Requests }>
  /** Chooses the cheapest proof that both sides are fresh, and makes it if one reading proves everybody. */
  proveFreshness(input: { sendoutRunId: string; connectionId: string; runId: string }): Promise<{
    proof: FreshnessProof
    /** Most addresses with something to sync; null: any targeted contact's may. Absent in runs of former releases. */
    open?: number | null
    requests: Requests
  }>
  syncMembers(input: MembersReference): Promise<WorkReport>
  /** Decides every contact by the send gate; reads eMarketeer's own acts last. */
  decideMembers(input: {
    sendoutRunId: string
    connectionId: string
    runId: string
  }): Promise<{ requests: Requests }>
  /** Closes the run: stores its result and receipt. */
  closeSendout(input: {
    sendoutRunId: string
    proof: FreshnessProof | null
    onUnverified: 'exclude' | 'abort'
    aborted: boolean
    problems: readonly string[]
  }): Promise<PreSendResult>
}
