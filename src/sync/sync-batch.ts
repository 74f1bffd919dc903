import { randomUUID } from 'node:crypto'
import { markLinked } from '../ledger/address-rows.js'
import {
  clearDirty,
  deferDirty,
  deferToNextDay,
  takeDirty,
  type DirtyAddress,
} from '../ledger/addresses.js'
import { saveMemories } from '../ledger/cells.js'
import { appendConsentEvents } from '../ledger/consent-events.js'
import { acquireLeases, confirmLeases, releaseLeases, type Lease } from '../ledger/leases.js'
import {
  dropLoosenings,
  looseningsAt,
  openRun,
  stageLoosenings,
  takeRowBudget,
} from '../ledger/runs.js'
import { acknowledgeWrites } from './acknowledge-writes.js'
import { decideBatch, loosens, type DecidedCell, type RowUpkeep } from './decide-cells.js'
import { consentEventOf, type CrmAct } from './evidence.js'
import { actBehind, askFieldHistory } from './field-history.js'
import { isConsistent, loadBatch, type BatchView } from './observe.js'
import { performWrites } from './perform-writes.js'
import { sameMemory } from './same-memory.js'
import { freshen } from './freshen.js'
import { addCounts, emptyCounts, type SyncCounts } from './sync-counts.js'
import { requireCrm, type SyncSession } from './session.js'
import {
  addressesLacking,
  jobsOf,
  upkeepJobs,
  type CrmJob,
  type Jobs,
  type PendingCell,
} from './write-jobs.js'

/** How a batch is to be synced. */
export interface BatchOptions {
  /**
   * `direct`: both sides are read now. `copy`: our copy has just been caught up on both sides, and each address is
   * checked to be consistent; those that are not come back in `again`.
   */
  readonly reading: 'direct' | 'copy'
  /** `stage`: loosening writes wait for the end of their run (rule F4). Tightening ones never wait. */
  readonly loosening: 'apply' | 'stage'
}

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

/**
 * The one sync: reads both sides of these addresses, decides each cell by the rule, stores the decisions, writes,
 * acknowledges (docs/sync.md). Every trigger comes here; nothing else writes a basis, a toggle or a subscription.
 *
 * @throws UpstreamError when a call failed as a whole, after everything that did happen was stored; the addresses
 *   concerned stay due.
 */
export async function syncBatch(
  session: SyncSession,
  addressIds: readonly number[],
  options: BatchOptions,
): Promise<BatchResult> {
  const owner = randomUUID()
  const leases = await acquireLeases(session.db, owner, addressIds)
  const held = leases.map((lease) => lease.addressId)
  const taken = new Set(held)
  const busy = addressIds.filter((id) => !taken.has(id))
  if (held.length === 0) {
    return { counts: emptyCounts(), again: [], busy }
  }
  try {
    const { counts, again } = await new BatchPass(session, owner, leases, options).run(held)
    return { counts, again, busy }
  } finally {
    await releaseLeases(session.db, owner, leases)
  }
}

/** One pass over a batch of addresses whose leases are held. */
class BatchPass {
  private counts = emptyCounts()
  private readonly again = new Set<number>()
  private readonly unfinished = new Set<number>()
  private readonly staged = new Set<number>()
  /** Addresses that lack rows for which the day's budget had no room. */
  private readonly postponed = new Set<number>()
  private readonly errors: Error[] = []

  constructor(
    private readonly session: SyncSession,
    private readonly owner: string,
    private readonly leases: readonly Lease[],
    private readonly options: BatchOptions,
  ) {}

  async run(addressIds: readonly number[]): Promise<Omit<BatchResult, 'busy'>> {
    const { db, connection } = this.session
    await openRun(db, this.session.run)
    if (this.options.reading === 'direct') {
      await freshen(this.session, addressIds)
    }
    const dirty = await takeDirty(db, connection.connectionId, addressIds.length, addressIds)
    const batch = await this.consistentPart(
      await loadBatch(db, connection.connectionId, addressIds),
    )
    const decided = decideBatch(batch, requireCrm(this.session))
    const { cells, postponed, acts } = await askFieldHistory(this.session, decided.cells)
    postponed.forEach((cell) => this.unfinished.add(cell.row.addressId))
    const apply = await this.holdBack(cells)
    const pendings = await this.store(batch, apply, acts)
    await this.write(pendings, decided.upkeep, acts)
    await this.finish(dirty, batch)
    if (this.errors[0]) {
      throw this.errors[0]
    }
    return { counts: this.counts, again: [...this.again] }
  }

  /** Leaves out addresses whose two sides were not observed together; they are read again. */
  private async consistentPart(batch: BatchView): Promise<BatchView> {
    const deltaProves = requireCrm(this.session).capabilities.completeDelta
    const [good, torn] = partition(batch.addresses, (view) =>
      isConsistent(view, batch.connection, deltaProves),
    )
    torn.forEach((view) => this.again.add(view.row.addressId))
    return { ...batch, addresses: good }
  }

  /** Decides which loosenings may be written in this pass (rule F4). */
  private async holdBack(cells: readonly DecidedCell[]): Promise<readonly DecidedCell[]> {
    const { db, run } = this.session
    const loosening = cells.filter(loosens)
    const waiting = await looseningsAt(db, [...new Set(cells.map((cell) => cell.row.addressId))])
    const stateOf = new Map(waiting.map((l) => [`${l.addressId} ${l.cellKey}`, l.state]))
    const keyOf = (cell: DecidedCell) => `${cell.row.addressId} ${cell.cellKey}`
    const held = loosening.filter((cell) => {
      const state = stateOf.get(keyOf(cell))
      return state === 'held' || (state !== 'approved' && this.options.loosening === 'stage')
    })
    held.forEach((cell) => this.staged.add(cell.row.addressId))
    const heldSet = new Set(held)
    const settled = cells.filter((cell) => !heldSet.has(cell) && stateOf.has(keyOf(cell)))
    await db.transaction(async (tx) => {
      await stageLoosenings(
        tx,
        run,
        held.map((cell) => ({ ...cellPlace(cell), line: cell.decision.line })),
      )
      await dropLoosenings(tx, settled.map(cellPlace))
    })
    this.counts = addCounts(this.counts, { ...emptyCounts(), staged: held.length })
    return cells.filter((cell) => !heldSet.has(cell))
  }

  /** One transaction, before any call: what was seen, what is wanted, and the evidence. */
  private store(
    batch: BatchView,
    cells: readonly DecidedCell[],
    acts: ReadonlyMap<string, CrmAct>,
  ): Promise<PendingCell[]> {
    const { db, run } = this.session
    const now = Date.now()
    return db.transaction(async (tx) => {
      const held = await confirmLeases(tx, this.owner, this.leases)
      const own = cells.filter((cell) => held.has(cell.row.addressId))
      const remember = own.filter((cell) => !sameMemory(cell))
      await saveMemories(
        tx,
        remember.map((cell) => ({ ...cellPlace(cell), memory: cell.plan.memory })),
      )
      const writing = own.filter((cell) => cell.plan.writes.length > 0)
      const events = writing.map((cell) => consentEventOf(cell, actBehind(cell, acts), run, now))
      await appendConsentEvents(tx, events)
      const linked = batch.addresses.filter(
        (view) => view.row.emarketeerContactId !== null && view.contacts.length > 0,
      )
      await markLinked(
        tx,
        linked.map((view) => view.row.addressId),
      )
      this.counts = addCounts(this.counts, {
        ...emptyCounts(),
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

  /** Tightening first, on both sides at once; then upkeep of rows; loosening last. */
  private async write(
    pendings: readonly PendingCell[],
    upkeep: readonly RowUpkeep[],
    acts: ReadonlyMap<string, CrmAct>,
  ): Promise<void> {
    const jobs = jobsOf(pendings, (cell) => actBehind(cell, acts), Date.now())
    const [tightenEmarketeer, loosenEmarketeer] = partition(jobs.emarketeer, (j) => !j.loosens)
    const [tightenCrm, loosenCrm] = partition(jobs.crm, (j) => !j.loosens)
    await this.send({ emarketeer: tightenEmarketeer, crm: tightenCrm })
    await this.send({ emarketeer: loosenEmarketeer, crm: loosenCrm })
    await this.keepRows(upkeep)
  }

  private async keepRows(upkeep: readonly RowUpkeep[]): Promise<void> {
    const { db, connection } = this.session
    const wanted = upkeep.reduce((sum, item) => sum + item.missingContactIds.length, 0)
    if (this.errors.length > 0) {
      upkeep.forEach((item) => this.unfinished.add(item.view.row.addressId))
    }
    if (upkeep.length === 0 || this.errors.length > 0) {
      return
    }
    const budget = await db.transaction((tx) =>
      takeRowBudget(tx, connection.connectionId, wanted, connection.subscriptionRowsPerDay),
    )
    const crm: CrmJob[] = upkeepJobs(upkeep, budget)
    addressesLacking(upkeep, crm).forEach((id) => this.postponed.add(id))
    await this.send({ emarketeer: [], crm })
    this.counts = addCounts(this.counts, { ...emptyCounts(), rowsPostponed: wanted - budget })
  }

  /** Sends a group and stores its outcomes, unless the pass was overtaken meanwhile. */
  private async send(jobs: Jobs): Promise<void> {
    if (jobs.emarketeer.length + jobs.crm.length === 0) {
      return
    }
    const { db, connection } = this.session
    // What is still to be sent belongs to leases that hold; a pass that was overtaken sends nothing more.
    const held = await db.transaction((tx) => confirmLeases(tx, this.owner, this.leases))
    const own: Jobs = {
      emarketeer: jobs.emarketeer.filter((job) => held.has(job.pending.cell.row.addressId)),
      crm: jobs.crm.filter((job) => held.has(job.addressId)),
    }
    const { window, errors } = await performWrites(this.session, own)
    const done = await db.transaction(async (tx) => {
      const still = await confirmLeases(tx, this.owner, this.leases)
      return acknowledgeWrites(tx, connection.connectionId, own, window, still)
    })
    this.errors.push(...errors)
    done.again.forEach((id) => this.again.add(id))
    done.unfinished.forEach((id) => this.unfinished.add(id))
    this.counts = addCounts(this.counts, {
      ...emptyCounts(),
      emarketeerWrites: done.emarketeerWrites,
      crmWrites: done.crmWrites,
    })
  }

  /** Takes addresses off the list of work, but for those that are not finished, or that were overtaken. */
  private async finish(dirty: readonly DirtyAddress[], batch: BatchView): Promise<void> {
    const open = new Set([...this.again, ...this.unfinished, ...this.staged, ...this.postponed])
    const seen = new Set(batch.addresses.map((view) => view.row.addressId))
    await this.session.db.transaction(async (tx) => {
      const held = await confirmLeases(tx, this.owner, this.leases)
      const done = ({ addressId: id }: DirtyAddress) =>
        held.has(id) && seen.has(id) && !open.has(id)
      await clearDirty(tx, dirty.filter(done))
      const unfinished = [...this.unfinished].filter((id) => held.has(id))
      await deferDirty(tx, unfinished)
      const rowsOnly = [...this.postponed].filter(
        (id) =>
          held.has(id) && !this.again.has(id) && !this.unfinished.has(id) && !this.staged.has(id),
      )
      await deferToNextDay(tx, rowsOnly)
    })
  }
}

function cellPlace(cell: DecidedCell): {
  readonly addressId: number
  readonly cellKey: DecidedCell['cellKey']
} {
  return { addressId: cell.row.addressId, cellKey: cell.cellKey }
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  const yes: T[] = []
  const no: T[] = []
  items.forEach((item) => (test(item) ? yes : no).push(item))
  return [yes, no]
}
