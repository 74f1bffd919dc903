import { randomUUID } from 'node:crypto'
import { markCrmDoubtful, markLinked } from '../../ledger/address/address-rows.js'
import {
  clearDue,
  deferDue,
  deferToTomorrow,
  dueMarks,
  ensureDue,
  markDue,
  type DueAddress,
} from '../../ledger/address/addresses.js'
import { dropCarriedDenies } from '../../ledger/copy/carried-denies.js'
import { lockCells, saveMemories } from '../../ledger/copy/cells.js'
import { appendConsentEvents } from '../../ledger/evidence/consent-events.js'
import { markObserved } from '../../ledger/copy/crm-mirror-rows.js'
import { noteArrivals } from '../../ledger/copy/secondary-addresses.js'
import type { Transaction } from '../../ledger/db/database.js'
import { noteDepartedDenies } from '../../ledger/copy/departed-denies.js'
import { dropTaken } from '../../ledger/copy/taken-along.js'
import {
  acquireLeases,
  confirmLeases,
  releaseLeases,
  renewLeases,
  type Lease,
} from '../../ledger/address/leases.js'
import { dropLoosenings, openRun, reserveRows } from '../../ledger/run/runs.js'
import { acknowledgeWrites } from './acknowledge-writes.js'
import { AddressOutcomes, isAgain, isPutOff } from './address-outcome.js'
import {
  arrivedAt,
  crossedAt,
  doubtsToPassOn,
  observedIn,
  sameMemory,
  takenInto,
} from './cell-memory.js'
import { decideBatch, cellIdOf, type DecidedCell, type RowUpkeep } from './decide-cells.js'
import { consentEventOf, type CrmAct } from './evidence.js'
import { actBehind, askFieldHistory } from './field-history.js'
import { timesNow } from './deciding-times.js'
import { freshen } from '../mirror/catch-up-both.js'
import { holdBack } from './hold-back.js'
import { learnFromWrites } from './learn-from-writes.js'
import { changedSince, loadBatch, type BatchView } from '../view/address-view.js'
import { isConsistent } from '../view/observe.js'
import { performWrites } from './perform-writes.js'
import { requireCrm, type SyncSession } from '../../connection/session.js'
import { assertMaySync } from '../../connection/permissions.js'
import { type BatchOptions, addCounts, emptyCounts, type SyncCounts } from './batch.js'
import type { ReadWindow } from '../../domain/read-window.js'
import { jobsOf, upkeepJobs, type Jobs, type PendingCell, type Written } from './write-jobs.js'

export interface BatchResult {
  readonly counts: SyncCounts
  /** Addresses to read directly and decide again immediately. */
  readonly again: readonly number[]
  /** Addresses that another pass holds now. */
  readonly busy: readonly number[]
}

/** Most addresses in one batch. */
export const MAX_BATCH = 1_000

/** How often leases are renewed. A lease survives two failed renewals. */
const RENEW_EVERY_MS = 30_000

/** The window of calls that were not made. With it nothing counts as read. */
const NO_WINDOW: ReadWindow = { from: 0, to: 0 }

const NONE: ReadonlySet<number> = new Set()

const addressOf = (cell: DecidedCell): number => cell.row.addressId

/**
 * The one sync: reads both sides of these addresses, decides each cell by the rule, stores the decisions, writes and
 * acknowledges (docs/sync.md). Every trigger uses this function; nothing else writes a basis, a toggle or a
 * subscription.
 *
 * @throws UpstreamError if a call failed altogether, after everything that did happen was stored. The addresses
 *   concerned stay due.
 */
export async function runPass(
  session: SyncSession,
  addressIds: readonly number[],
  options: BatchOptions,
): Promise<BatchResult> {
  const owner = randomUUID()
  const leases = await acquireLeases(session.db, owner, addressIds)
  const leased = leases.map((lease) => lease.addressId)
  const taken = new Set(leased)
  const busy = addressIds.filter((id) => !taken.has(id))
  if (leased.length === 0) {
    return { counts: emptyCounts(), again: [], busy }
  }
  // A failed renewal is noticed in the next transaction, which confirms the leases.
  const renewal = setInterval(() => {
    void renewLeases(session.db, owner, leased).catch(() => undefined)
  }, RENEW_EVERY_MS)
  try {
    const { counts, again } = await new BatchPass(session, owner, leases, options).run(leased)
    return { counts, again, busy }
  } finally {
    clearInterval(renewal)
    await releaseLeases(session.db, owner, leases)
  }
}

/**
 * One pass over a batch of addresses that it has leased (docs/reconciliation.md, "A pass"). An address is read and
 * decided; the decision is stored and the address marked as due; then it is written to, acknowledged, and gets its
 * {@link AddressOutcome}.
 *
 * What a crash leaves behind:
 *
 * - before `store`: a fresher copy. The address stays due if it was.
 * - before `acknowledge`: the decision, its evidence and a due address. A write may have landed or may still land. The
 *   stored memory contains its value and version, so the next pass does not take it for a person's act.
 * - while rows are created: a doubtful address. The next pass reads it directly and creates no row twice.
 * - before `finish`: a due address with nothing left to write.
 *
 * The lease of a dead pass expires by itself; until then the address is busy for other passes. A pass that outlives its
 * lease stores nothing more except the evidence of what it sent.
 */
class BatchPass {
  #counts = emptyCounts()
  #due: readonly DueAddress[] = []
  readonly #outcomes = new AddressOutcomes()
  readonly #errors: Error[] = []

  constructor(
    private readonly session: SyncSession,
    private readonly owner: string,
    private readonly leases: readonly Lease[],
    private readonly options: BatchOptions,
  ) {}

  /** @throws the first error of a call that failed altogether, after everything else is stored. */
  async run(
    addressIds: readonly number[],
  ): Promise<{ readonly counts: SyncCounts; readonly again: readonly number[] }> {
    const { db, connection, run } = this.session
    const { withholdsLoosening } = await assertMaySync(db, this.session)
    await openRun(db, run)
    const unreadable =
      this.options.reading === 'direct' ? await freshen(this.session, addressIds) : NONE
    this.#due = await dueMarks(db, addressIds)
    const loaded = await loadBatch(db, connection.connectionId, addressIds)
    const batch = this.#consistentPart(loaded, unreadable)
    const decided = decideBatch(batch, requireCrm(this.session), timesNow(this.session, batch))
    const asked = await askFieldHistory(this.session, batch, decided.cells)
    this.#outcomes.say('retryLater', asked.postponed.map(addressOf))
    this.#errors.push(...(asked.error ? [asked.error] : []))
    const loosening = withholdsLoosening ? 'withhold' : this.options.loosening
    const { released } = this.options
    const sorted = await holdBack(this.session, asked.cells, loosening, released)
    this.#outcomes.say('untilRunEnds', sorted.waiting.map(addressOf))
    this.#add({ staged: sorted.waiting.length })
    const pendings = await this.#store(batch, sorted.apply, asked.acts)
    await this.#write(pendings, asked.acts)
    await this.#createMissingRows(
      decided.upkeep.filter(({ view }) => !isAgain(this.#outcomes.of(view.row.addressId))),
    )
    await this.#finish(batch, sorted.approved)
    if (this.#errors[0]) {
      throw this.#errors[0]
    }
    return { counts: this.#counts, again: this.#outcomes.which(isAgain) }
  }

  #add(counts: Partial<SyncCounts>): void {
    this.#counts = addCounts(this.#counts, { ...emptyCounts(), ...counts })
  }

  /**
   * Leaves out addresses whose two sides were not observed together. They are read again, and immediately unless that
   * would give the same answer.
   */
  #consistentPart(batch: BatchView, unreadable: ReadonlySet<number>): BatchView {
    const deltaProves = requireCrm(this.session).capabilities.completeDelta
    const isGood = (view: BatchView['addresses'][number]) =>
      isConsistent(view, batch.connection, deltaProves)
    batch.addresses
      .filter((view) => !isGood(view))
      .forEach(({ row: { addressId } }) =>
        this.#outcomes.say(unreadable.has(addressId) ? 'retryLater' : 'again', [addressId]),
      )
    return { ...batch, addresses: batch.addresses.filter(isGood) }
  }

  /** Runs a transaction of this pass. Addresses whose lease is lost are to be read and decided again. */
  #holding<T>(work: (tx: Transaction, leased: ReadonlySet<number>) => Promise<T>): Promise<T> {
    return this.session.db.transaction(async (tx) => {
      const leased = await confirmLeases(tx, this.owner, this.leases)
      const ids = this.leases.map((lease) => lease.addressId)
      this.#outcomes.say(
        'again',
        ids.filter((id) => !leased.has(id)),
      )
      return work(tx, leased)
    })
  }

  /** Stores the observation, the targets and the evidence in one transaction, before any write. */
  #store(
    batch: BatchView,
    cells: readonly DecidedCell[],
    acts: ReadonlyMap<string, CrmAct>,
  ): Promise<PendingCell[]> {
    const { run, connection } = this.session
    const now = Date.now()
    return this.#holding(async (tx, leased) => {
      await assertMaySync(tx, this.session)
      const own = await this.#unchanged(
        tx,
        cells.filter((cell) => leased.has(cell.row.addressId)),
      )
      await saveMemories(
        tx,
        own
          .filter((cell) => !sameMemory(cell))
          .map((cell) => ({
            ...cellIdOf(cell),
            memory: cell.plan.memory,
            departed: { knows: cell.row.departures },
          })),
      )
      await dropTaken(tx, connection.connectionId, own.flatMap(takenInto))
      const passedOn = own.flatMap(doubtsToPassOn)
      await noteDepartedDenies(tx, passedOn)
      await markDue(
        tx,
        passedOn.map((deny) => deny.addressId),
      )
      await dropCarriedDenies(tx, connection.connectionId, own.flatMap(arrivedAt))
      await noteArrivals(tx, connection.connectionId, own.flatMap(crossedAt))
      const observed = observedIn(own, requireCrm(this.session).capabilities.purposes)
      await markObserved(tx, connection.connectionId, observed, connection.epoch)
      const writing = own.filter((cell) => cell.plan.writes.length > 0)
      const events = writing.map((cell) => consentEventOf(cell, actBehind(cell, acts), run, now))
      await appendConsentEvents(tx, events)
      const places = writing.map((cell) => cell.row.addressId)
      this.#due = [...this.#due, ...(await ensureDue(tx, [...new Set(places)]))]
      const linked = batch.addresses.filter(
        (view) => view.row.emarketeerContactId !== null && view.contacts.length > 0,
      )
      await markLinked(
        tx,
        linked.map((view) => view.row.addressId),
      )
      this.#add({
        addresses: batch.addresses.length,
        linked: linked.length,
        decisions: writing.length,
        ambiguous: writing.filter((cell) => cell.decision.ambiguous).length,
      })
      return writing.map((cell, index) => ({
        cell,
        eventId: events[index]!.eventId,
        memory: cell.plan.memory,
      }))
    })
  }

  /**
   * Leaves out addresses that a record left or joined after they were loaded; they are read again. The record took its
   * open writes along at that moment (taken-along.ts). A write stored now would be missing from what it took along; if
   * that write landed late, it would count as a person's act.
   */
  async #unchanged(
    tx: Transaction,
    cells: readonly DecidedCell[],
  ): Promise<readonly DecidedCell[]> {
    const storing = cells.filter((cell) => !sameMemory(cell) || cell.plan.writes.length > 0)
    if (storing.length === 0) {
      return cells
    }
    await lockCells(tx, storing.map(cellIdOf))
    const views = [...new Set(storing.map((cell) => cell.view))]
    const changed = await changedSince(tx, this.session.connection.connectionId, views)
    this.#outcomes.say('again', changed)
    return cells.filter((cell) => !changed.has(cell.row.addressId))
  }

  /** Tightens first, on both sides in parallel. Loosens last, and only if nothing failed before. */
  async #write(pendings: readonly PendingCell[], acts: ReadonlyMap<string, CrmAct>): Promise<void> {
    const jobs = jobsOf(pendings, (cell) => actBehind(cell, acts), Date.now())
    const sent = this.#errors.length
    await this.#send({
      emarketeer: jobs.emarketeer.filter((job) => !job.loosens),
      crm: jobs.crm.filter((job) => !job.loosens),
    })
    const loosening: Jobs = {
      emarketeer: jobs.emarketeer.filter((job) => job.loosens),
      crm: jobs.crm.filter((job) => job.loosens),
    }
    if (loosening.emarketeer.length + loosening.crm.length === 0) {
      return
    }
    if (
      this.#errors.length === sent &&
      !(await assertMaySync(this.session.db, this.session)).withholdsLoosening
    ) {
      await this.#send(loosening)
    } else {
      await this.#leaveUnsent(loosening)
    }
  }

  /** Stores that these writes were not sent, and so keeps the proof behind them. Their addresses stay due. */
  async #leaveUnsent(jobs: Jobs): Promise<void> {
    const error = this.#errors[0] ?? new Error('paused meanwhile: what loosens waits')
    const unsent: Written = {
      emarketeer: jobs.emarketeer.map((job) => ({ ...job, result: { status: 'notSent' } })),
      crm: jobs.crm.map((job) => ({ ...job, outcome: { status: 'notSent', error } })),
    }
    await this.#acknowledge(unsent, NO_WINDOW)
  }

  /** Creates missing subscription rows within the day's budget, and removes those that a merge left behind (D3, F5). */
  async #createMissingRows(upkeep: readonly RowUpkeep[]): Promise<void> {
    const { db, connection } = this.session
    const ids = upkeep.map((item) => item.view.row.addressId)
    if (upkeep.length === 0 || this.#errors.length > 0) {
      this.#outcomes.say('retryLater', ids)
      return
    }
    const wanted = upkeep.reduce((sum, item) => sum + item.missingContactIds.length, 0)
    const budget = await db.transaction((tx) =>
      reserveRows(tx, connection.connectionId, wanted, connection.subscriptionRowsPerDay),
    )
    const { jobs, postponed } = upkeepJobs(upkeep, budget)
    this.#outcomes.say('tomorrow', postponed)
    this.#add({ rowsPostponed: wanted - budget })
    const creating = jobs.filter((job) => job.write.kind === 'createSubscription')
    // A crash may lose the answer to a creation. The addresses are marked as doubtful, so that the next pass reads them
    // first: a second row could hide a rep's No.
    await this.#holding((tx, leased) =>
      markCrmDoubtful(tx, [
        ...new Set(creating.map((job) => job.addressId).filter((id) => leased.has(id))),
      ]),
    )
    await this.#send({ emarketeer: [], crm: jobs })
  }

  /** Sends a group of writes and stores their outcomes. Writes whose lease is lost are not sent. */
  async #send(jobs: Jobs): Promise<void> {
    if (jobs.emarketeer.length + jobs.crm.length === 0) {
      return
    }
    const own: Jobs = await this.#holding(async (tx, leased) => {
      await assertMaySync(tx, this.session)
      return {
        emarketeer: jobs.emarketeer.filter((job) => leased.has(job.pending.cell.row.addressId)),
        crm: jobs.crm.filter((job) => leased.has(job.addressId)),
      }
    })
    const { written, window, errors, probe } = await performWrites(this.session, own)
    this.#errors.push(...errors)
    await this.#acknowledge(written, window)
    await learnFromWrites(this.session, written.crm, probe)
  }

  async #acknowledge(written: Written, window: ReadWindow): Promise<void> {
    const { connectionId } = this.session.connection
    const done = await this.#holding((tx, leased) =>
      acknowledgeWrites(tx, connectionId, written, window, leased),
    )
    this.#outcomes.sayAll(done.outcomes)
    this.#add({ emarketeerWrites: done.emarketeerWrites, crmWrites: done.crmWrites })
  }

  /** Ends the pass: finished addresses are no longer due. */
  async #finish(batch: BatchView, approved: readonly DecidedCell[]): Promise<void> {
    const looked = new Set(batch.addresses.map((view) => view.row.addressId))
    await this.#holding(async (tx, leased) => {
      const isDone = (id: number) =>
        leased.has(id) && looked.has(id) && this.#outcomes.of(id) === 'done'
      await clearDue(
        tx,
        this.#due.filter((mark) => isDone(mark.addressId)),
      )
      // An approval is used up only when its write is done.
      await dropLoosenings(tx, approved.filter((cell) => isDone(cell.row.addressId)).map(cellIdOf))
      await deferDue(tx, this.#outcomes.which(isPutOff))
      await deferToTomorrow(
        tx,
        this.#outcomes.which((outcome) => outcome === 'tomorrow'),
      )
    })
  }
}
