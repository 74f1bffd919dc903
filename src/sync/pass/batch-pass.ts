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
import { dropLoosenings, openRun, takeRowBudget } from '../../ledger/run/runs.js'
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

/** What became of a batch. */
export interface BatchResult {
  readonly counts: SyncCounts
  /** To be read directly and decided again, at once. */
  readonly again: readonly number[]
  /** Held by another pass right now. */
  readonly busy: readonly number[]
}

/** At most this many addresses in one batch. */
export const MAX_BATCH = 1_000

/** A third of a lease's life, so that one late renewal loses nothing. */
const RENEW_EVERY_MS = 30_000

/** Of calls that were not made: nothing is taken as read in it. */
const NO_WINDOW: ReadWindow = { from: 0, to: 0 }

const NONE: ReadonlySet<number> = new Set()

const addressOf = (cell: DecidedCell): number => cell.row.addressId

/**
 * The one sync: reads both sides of these addresses, decides each cell by the rule, stores the decisions, writes,
 * acknowledges (docs/sync.md). Every trigger comes here; nothing else writes a basis, a toggle or a subscription.
 *
 * @throws UpstreamError when a call failed as a whole, after everything that did happen was stored; the addresses
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
  // Kept alive while we are: a renewal that fails is noticed by the next transaction that confirms the leases.
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

/** One pass over a batch of addresses whose leases are held (docs/reconciliation.md, "A pass"). */
class BatchPass {
  private counts = emptyCounts()
  private due: readonly DueAddress[] = []
  private readonly outcomes = new AddressOutcomes()
  private readonly errors: Error[] = []

  constructor(
    private readonly session: SyncSession,
    private readonly owner: string,
    private readonly leases: readonly Lease[],
    private readonly options: BatchOptions,
  ) {}

  /** @throws the first error of a call that failed as a whole, when everything else is stored. */
  async run(
    addressIds: readonly number[],
  ): Promise<{ readonly counts: SyncCounts; readonly again: readonly number[] }> {
    const { db, connection, run } = this.session
    const { withholdsLoosening } = await assertMaySync(db, this.session)
    await openRun(db, run)
    const unreadable =
      this.options.reading === 'direct' ? await freshen(this.session, addressIds) : NONE
    this.due = await dueMarks(db, addressIds)
    const loaded = await loadBatch(db, connection.connectionId, addressIds)
    const batch = this.consistentPart(loaded, unreadable)
    const decided = decideBatch(batch, requireCrm(this.session), timesNow(this.session, batch))
    const asked = await askFieldHistory(this.session, decided.cells)
    this.outcomes.say('retryLater', asked.postponed.map(addressOf))
    this.errors.push(...(asked.error ? [asked.error] : []))
    const loosening = withholdsLoosening ? 'withhold' : this.options.loosening
    const sorted = await holdBack(this.session, asked.cells, loosening)
    this.outcomes.say('untilRunEnds', sorted.waiting.map(addressOf))
    this.add({ staged: sorted.waiting.length })
    const pendings = await this.store(batch, sorted.apply, asked.acts)
    await this.write(pendings, asked.acts)
    await this.createMissingRows(
      decided.upkeep.filter(({ view }) => !isAgain(this.outcomes.of(view.row.addressId))),
    )
    await this.finish(batch, sorted.approved)
    if (this.errors[0]) {
      throw this.errors[0]
    }
    return { counts: this.counts, again: this.outcomes.which(isAgain) }
  }

  private add(counts: Partial<SyncCounts>): void {
    this.counts = addCounts(this.counts, { ...emptyCounts(), ...counts })
  }

  /**
   * Leaves out addresses whose two sides were not observed together; they are read again, at once where that may tell
   * something else.
   */
  private consistentPart(batch: BatchView, unreadable: ReadonlySet<number>): BatchView {
    const deltaProves = requireCrm(this.session).capabilities.completeDelta
    const isGood = (view: BatchView['addresses'][number]) =>
      isConsistent(view, batch.connection, deltaProves)
    batch.addresses
      .filter((view) => !isGood(view))
      .forEach(({ row: { addressId } }) =>
        this.outcomes.say(unreadable.has(addressId) ? 'retryLater' : 'again', [addressId]),
      )
    return { ...batch, addresses: batch.addresses.filter(isGood) }
  }

  /** Runs a transaction of this pass. Addresses whose lease was lost are left to be read and decided again. */
  private holding<T>(
    work: (tx: Transaction, leased: ReadonlySet<number>) => Promise<T>,
  ): Promise<T> {
    return this.session.db.transaction(async (tx) => {
      const leased = await confirmLeases(tx, this.owner, this.leases)
      const ids = this.leases.map((lease) => lease.addressId)
      this.outcomes.say(
        'again',
        ids.filter((id) => !leased.has(id)),
      )
      return work(tx, leased)
    })
  }

  /** One transaction, before any call: what was seen, what is wanted, and the evidence. */
  private store(
    batch: BatchView,
    cells: readonly DecidedCell[],
    acts: ReadonlyMap<string, CrmAct>,
  ): Promise<PendingCell[]> {
    const { run, connection } = this.session
    const now = Date.now()
    return this.holding(async (tx, leased) => {
      await assertMaySync(tx, this.session)
      const own = await this.unchanged(
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
      this.due = [...this.due, ...(await ensureDue(tx, [...new Set(places)]))]
      const linked = batch.addresses.filter(
        (view) => view.row.emarketeerContactId !== null && view.contacts.length > 0,
      )
      await markLinked(
        tx,
        linked.map((view) => view.row.addressId),
      )
      this.add({
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
   * Leaves out addresses that a record has left, or come to, since they were loaded; they are read again. What a record takes
   * along (taken-along.ts) was noted then: a write that this pass would store now would not be among it, and where it
   * landed late it would pass for a person's act.
   */
  private async unchanged(
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
    this.outcomes.say('again', changed)
    return cells.filter((cell) => !changed.has(cell.row.addressId))
  }

  /** Tightening first, on both sides at once; loosening last, and only if nothing failed before it. */
  private async write(
    pendings: readonly PendingCell[],
    acts: ReadonlyMap<string, CrmAct>,
  ): Promise<void> {
    const jobs = jobsOf(pendings, (cell) => actBehind(cell, acts), Date.now())
    const sent = this.errors.length
    await this.send({
      emarketeer: jobs.emarketeer.filter((job) => !job.loosens),
      crm: jobs.crm.filter((job) => !job.loosens),
    })
    const loosening: Jobs = {
      emarketeer: jobs.emarketeer.filter((job) => job.loosens),
      crm: jobs.crm.filter((job) => job.loosens),
    }
    if (
      this.errors.length === sent &&
      !(await assertMaySync(this.session.db, this.session)).withholdsLoosening
    ) {
      await this.send(loosening)
    } else {
      await this.leaveUnsent(loosening)
    }
  }

  /** Stores that these were not sent, so that what proved them is not forgotten; they stay due. */
  private async leaveUnsent(jobs: Jobs): Promise<void> {
    const error = this.errors[0] ?? new Error('paused meanwhile: what loosens waits')
    const unsent: Written = {
      emarketeer: jobs.emarketeer.map((job) => ({ ...job, result: { status: 'notSent' } })),
      crm: jobs.crm.map((job) => ({ ...job, outcome: { status: 'notSent', error } })),
    }
    await this.acknowledge(unsent, NO_WINDOW)
  }

  /** Makes missing subscription rows within the day's budget, and removes those that a merge left (D3, F5). */
  private async createMissingRows(upkeep: readonly RowUpkeep[]): Promise<void> {
    const { db, connection } = this.session
    const ids = upkeep.map((item) => item.view.row.addressId)
    if (upkeep.length === 0 || this.errors.length > 0) {
      this.outcomes.say('retryLater', ids)
      return
    }
    const wanted = upkeep.reduce((sum, item) => sum + item.missingContactIds.length, 0)
    const budget = await db.transaction((tx) =>
      takeRowBudget(tx, connection.connectionId, wanted, connection.subscriptionRowsPerDay),
    )
    const { jobs, postponed } = upkeepJobs(upkeep, budget)
    this.outcomes.say('tomorrow', postponed)
    this.add({ rowsPostponed: wanted - budget })
    const creating = jobs.filter((job) => job.write.kind === 'createSubscription')
    // A row is made blindly. Should we die before its answer is stored, it must not be made again over a rep's No.
    await this.holding((tx, leased) =>
      markCrmDoubtful(tx, [
        ...new Set(creating.map((job) => job.addressId).filter((id) => leased.has(id))),
      ]),
    )
    await this.send({ emarketeer: [], crm: jobs })
  }

  /** Sends a group and stores its outcomes. A pass that was overtaken sends and stores nothing more of it. */
  private async send(jobs: Jobs): Promise<void> {
    if (jobs.emarketeer.length + jobs.crm.length === 0) {
      return
    }
    const own: Jobs = await this.holding(async (tx, leased) => {
      await assertMaySync(tx, this.session)
      return {
        emarketeer: jobs.emarketeer.filter((job) => leased.has(job.pending.cell.row.addressId)),
        crm: jobs.crm.filter((job) => leased.has(job.addressId)),
      }
    })
    const { written, window, errors, probe } = await performWrites(this.session, own)
    this.errors.push(...errors)
    await this.acknowledge(written, window)
    await learnFromWrites(this.session, written.crm, probe)
  }

  /** Stores what became of writes. */
  private async acknowledge(written: Written, window: ReadWindow): Promise<void> {
    const { connectionId } = this.session.connection
    const done = await this.holding((tx, leased) =>
      acknowledgeWrites(tx, connectionId, written, window, leased),
    )
    this.outcomes.sayAll(done.outcomes)
    this.add({ emarketeerWrites: done.emarketeerWrites, crmWrites: done.crmWrites })
  }

  /** Takes addresses off the list of work, but for those that are not finished. */
  private async finish(batch: BatchView, approved: readonly DecidedCell[]): Promise<void> {
    const looked = new Set(batch.addresses.map((view) => view.row.addressId))
    await this.holding(async (tx, leased) => {
      const isDone = (id: number) =>
        leased.has(id) && looked.has(id) && this.outcomes.of(id) === 'done'
      await clearDue(
        tx,
        this.due.filter((mark) => isDone(mark.addressId)),
      )
      // An approval is spent only when what it approved is written.
      await dropLoosenings(tx, approved.filter((cell) => isDone(cell.row.addressId)).map(cellIdOf))
      await deferDue(tx, this.outcomes.which(isPutOff))
      await deferToTomorrow(
        tx,
        this.outcomes.which((outcome) => outcome === 'tomorrow'),
      )
    })
  }
}
