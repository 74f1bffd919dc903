import { beginNewEpoch } from '../src/app/ledger-restored.js'
import { ClockWatch } from '../src/connection/crm-clock.js'
import type { SyncSession } from '../src/connection/session.js'
import { UnreadableRecords } from '../src/connection/unreadable-records.js'
import type { Trigger } from '../src/contracts/names.js'
import { RequestTally } from '../src/http/index.js'
import { findAddresses } from '../src/ledger/address/addresses.js'
import {
  findConnection,
  saveConnection,
  setConnectionState,
} from '../src/ledger/connection/connections.js'
import { putHints, type InboxHint } from '../src/ledger/run/inbox.js'
import { endRun } from '../src/ledger/run/runs.js'
import { findSendoutRun, openSendoutRun } from '../src/ledger/sendout/sendouts.js'
import { catchUpBoth } from '../src/sync/mirror/catch-up-both.js'
import { syncCategories } from '../src/sync/mirror/sync-categories.js'
import { drainInbox } from '../src/sync/run/drain-inbox.js'
import { approveHeld } from '../src/sync/run/held.js'
import { settleRun, syncAddresses } from '../src/sync/run/sync-addresses.js'
import { syncDue, type SyncedDue } from '../src/sync/run/sync-due.js'
import { closeSendout } from '../src/sync/sendout/close-sendout.js'
import { decideMembers } from '../src/sync/sendout/decide-members.js'
import { fixAudience } from '../src/sync/sendout/fix-audience.js'
import { findListRun, readMailingListPage } from '../src/sync/sendout/mailing-list.js'
import type { FreshnessProof } from '../src/contracts/sync-activities.js'
import { proveFreshness } from '../src/sync/sendout/prove-freshness.js'
import { syncMembers } from '../src/sync/sendout/sync-members.js'
import type { Logger } from '../src/telemetry/logger.js'
import { Chance } from './chance.js'
import { Faults } from './faults.js'
import { Ghost } from './ghost.js'
import { IDLE_IN_TRANSACTION_MS, type LedgerServer, type SimulatedLedger } from './ledger.js'
import {
  evidenceFindings,
  listFindings,
  restFindings,
  type Finding,
  type ListRead,
  type RecordedEvent,
} from './oracles.js'
import { CATEGORY, People } from './people.js'
import type { Plan, Work } from './plan.js'
import { comparePlain } from './plain-and-gate.js'
import { Scheduler, Task } from './scheduler.js'
import type { CrmChange, MemoryCrm } from './systems/crm.js'
import { MemoryDynamics } from './systems/dynamics.js'
import { MemorySuperOffice } from './systems/superoffice.js'
import { MemoryEmarketeer, type OwnWrite } from './systems/emarketeer.js'
import { Wire } from './systems/wire.js'
import { useVirtualTime } from './virtual-time.js'

const CONNECTION = 'acme'
const ACCOUNT = '1001'
const BEGIN_MS = Date.UTC(2030, 0, 7, 6)
const MINUTE_MS = 60_000
/** The same as the activities' heartbeat time-out (src/workflows/activity-limits.ts): after it another attempt begins. */
const HEARTBEAT_MS = 10_000
const HANG_MS = 200_000
/** The longest call takes 120 s. */
const STOPPED_MS = 130_000
/** Tries of a step: for a sendout, whose deadline is near, and for other work, enough to succeed. */
const TRIES = { sendout: 8, other: 40 } as const
/** First and longest wait before another try, ms; the same as the activities' (src/workflows/activity-limits.ts). */
const RETRY_MS = { first: 1_000, longest: { sendout: 10_000, other: 60_000 } } as const

const SILENT: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  fatal: () => undefined,
  child: () => SILENT,
}

/** The outcome of a world. */
export interface Lived {
  readonly findings: readonly Finding[]
  readonly fingerprint: string
  readonly trace: readonly string[] | null
  readonly faults: readonly string[]
  readonly counts: Readonly<Record<string, number>>
}

/** How a world is replayed. */
export interface Replay {
  readonly onlyFaults?: ReadonlySet<string>
  readonly trace?: boolean
}

/** What is known of an error of the product. */
type Failure = Error & {
  readonly kind?: { readonly retryable: boolean }
  readonly retryAfterSeconds?: number | null
}

/** An activity died, or hung for longer than its heartbeat time-out. */
class Gone extends Error {}

/** One connection with all its people, the systems at its ends, and what triggers its work. */
export class World {
  private readonly chance: Chance
  private readonly scheduler: Scheduler
  private readonly faults: Faults
  private readonly ghost = new Ghost()
  private readonly emarketeer: MemoryEmarketeer
  private readonly crm: MemoryCrm
  private readonly people: People
  private readonly client: SyncSession['emarketeer']
  private readonly openCrm: NonNullable<SyncSession['crm']>
  private readonly findings: Finding[] = []
  private readonly draining = new Map<number, boolean>()
  private readonly posting = new Map<number, InboxHint[]>()
  private hints = 0
  private reactions = 0
  private listed = 0
  /** Number of members that the ledger's statement judged. */
  private plain = 0
  /** Running activities; a stop of all workers ends them. */
  private readonly tasks = new Set<Task>()
  private backedUpMs: number | null = null
  private isDown = false
  /** Increases with each restore: earlier workflows are terminated. */
  private era = 0
  /** The period that the ledger lost. */
  private gap: { readonly fromMs: number; readonly toMs: number } | null = null
  private lastSweep = 0
  private underWay = new Set<Promise<unknown>>()

  private constructor(
    private readonly plan: Plan,
    replay: Replay,
  ) {
    this.chance = new Chance(`${plan.seed} run`)
    this.scheduler = new Scheduler(BEGIN_MS, this.chance, replay.trace ?? false)
    this.faults = new Faults(this.chance, plan.rates, replay.onlyFaults ?? null)
    const { scheduler } = this
    const now = () => scheduler.nowMs
    this.emarketeer = new MemoryEmarketeer(ACCOUNT, () => now() + plan.skewMs.emarketeer, now, [
      { id: CATEGORY, name: 'Newsletters' },
    ])
    this.crm =
      plan.crm === 'dynamics'
        ? new MemoryDynamics(now, plan.skewMs.crm)
        : new MemorySuperOffice(now, plan.skewMs.crm, plan.habits)
    this.people = new People(this.emarketeer, this.crm, this.ghost, this.chance, now)
    this.client = this.emarketeer.client(
      new Wire('emarketeer', scheduler, this.faults, plan.skewMs.emarketeer),
    )
    const client = this.crm.client(new Wire(this.crm.name, scheduler, this.faults, plan.skewMs.crm))
    this.openCrm = { capabilities: this.crm.capabilities, client, source: this.crm.source }
    this.emarketeer.account.components.set('1/1', {
      campaignId: '1',
      componentId: '1',
      channel: 'email',
      categoryId: plan.subscriptions ? CATEGORY : null,
      transactional: false,
      target: { all: true },
    })
    scheduler.onStep = (task) => this.endAtStep(task)
  }

  private ledger!: SimulatedLedger

  /** Executes a plan to its end. */
  static async live(server: LedgerServer, plan: Plan, replay: Replay = {}): Promise<Lived> {
    const world = new World(plan, replay)
    useVirtualTime(world.scheduler)
    world.ledger = await server.open(`simulated_${process.pid}`, world.scheduler)
    try {
      await world.run()
      return {
        findings: world.findings,
        fingerprint: world.scheduler.fingerprint,
        trace: world.scheduler.trace,
        faults: world.faults.fired,
        counts: {
          steps: world.scheduler.steps,
          statements: world.ledger.statements,
          lockWaits: world.ledger.waits,
          acts: world.ghost.count,
          hints: world.hints,
          listed: world.listed,
          plain: world.plain,
          writes: world.emarketeer.writes.length + world.crm.writes.length,
          faults: world.faults.fired.length,
        },
      }
    } finally {
      useVirtualTime(null)
      await world.ledger.close()
    }
  }

  private async run(): Promise<void> {
    const { plan, scheduler, people } = this
    this.everyLife().forEach((life) => people.begin(life))
    await scheduler.finish(this.setUp())
    this.crm.onChange = (change) => this.tell(change)
    this.crm.onWrite = (write) => this.react(write)
    this.ledger.faultOfCommit = (task) =>
      this.safe.has(task) ? null : this.faults.ofCommit(`${task.name} ${task.steps}`)
    this.crm.onAnswerGone = (id) => this.ghost.leave(id, scheduler.nowMs)
    for (const act of plan.acts) {
      scheduler.at(BEGIN_MS + act.atMs, () => {
        const what = people.do(act)
        if (what !== null) {
          scheduler.note(`act ${act.id}: ${what}`)
        }
      })
    }
    for (const work of plan.works) {
      scheduler.at(BEGIN_MS + work.atMs, () =>
        this.begin(`${work.kind} ${work.id}`, () => this.work(work)),
      )
    }
    await scheduler.until(BEGIN_MS + plan.spanMs)
    this.crm.onChange = () => undefined
    this.crm.onWrite = () => undefined
    this.faults.ended = true
    await this.rest()
  }

  /** Ends everything that runs; then sweeps until nothing is left. */
  private async rest(): Promise<void> {
    const { scheduler } = this
    await scheduler.until(scheduler.nowMs + 20 * MINUTE_MS)
    await scheduler.finish(Promise.all(this.underWay))
    for (let n = 0; n < 3; n += 1) {
      await scheduler.until(scheduler.nowMs + this.restMs)
      await scheduler.finish(this.sweep(`rest ${n}`))
      await scheduler.finish(this.approve(`rest approve ${n}`))
    }
    await this.findUnattributed()
    const before = await this.traffic()
    for (let n = 3; n < 5; n += 1) {
      await scheduler.until(scheduler.nowMs + this.restMs)
      await scheduler.finish(this.sweep(`rest ${n}`))
    }
    const after = await this.traffic()
    if (before !== after) {
      this.findings.push({
        oracle: 'rest',
        email: null,
        what: `a further sweep wrote: ${before} then ${after}`,
      })
    }
    const emails = this.everyAddress()
    this.findings.push(
      ...restFindings(emails, this.emarketeer, this.crm, this.ghost, this.plan.subscriptions),
    )
    if (this.scheduler.trace !== null) {
      for (const email of new Set(this.findings.flatMap((one) => one.email ?? []))) {
        await this.showLedger(email)
      }
    }
  }

  /** Duration of the rest. If the CRM's changes report no addresses, the sweeps take up to a day to read everybody. */
  private get restMs(): number {
    return (this.crm.capabilities.completeDelta ? 35 : 11 * 60) * MINUTE_MS
  }

  /** Prints what the ledger holds of an address, to explain a finding. */
  private async showLedger(email: string): Promise<void> {
    for (const what of LEDGER_OF_ADDRESS) {
      for (const row of await this.ledger.ask<{ row: unknown }>(what, [email])) {
        this.scheduler.note(`ledger ${JSON.stringify(row.row)}`)
      }
    }
    for (const act of ['marketingSendouts', `c:${CATEGORY}`].flatMap((cell) =>
      this.ghost.acts(email, cell),
    )) {
      this.scheduler.note(`ghost ${JSON.stringify(act)}`)
    }
  }

  private everyLife(): readonly number[] {
    return this.plan.people ?? Array.from({ length: this.plan.lives }, (_, life) => life)
  }

  private everyAddress(): string[] {
    return this.everyLife().flatMap((life) => [
      People.addressOf(life),
      People.addressOf(life, 'other'),
    ])
  }

  /**
   * Finds writes without evidence: every write that either system applied must be in the evidence, for exactly that
   * cell, before the write.
   */
  private async findUnattributed(): Promise<void> {
    const events = await this.ledger.ask<RecordedEvent>(
      `SELECT a.address AS email, e.cell_key AS cell, e.emarketeer_new AS emarketeer, e.crm_new AS crm,
          extract(epoch FROM e.recorded_at)::float8 * 1000 AS "atMs"
        FROM consent_events e JOIN addresses a USING (address_id)`,
    )
    const { gap } = this
    const writes = [...this.emarketeer.writes, ...this.crm.writes].filter(
      ({ atMs }) => gap === null || atMs < gap.fromMs || atMs > gap.toMs,
    )
    this.findings.push(...evidenceFindings(writes, events))
  }

  private async traffic(): Promise<string> {
    const [row] = await this.ledger.ask<{ events: number; outcomes: number }>(
      `SELECT (SELECT count(*) FROM consent_events) AS events, (SELECT count(*) FROM consent_event_outcomes) AS outcomes`,
    )
    return JSON.stringify({
      ...row,
      writes: this.emarketeer.writes.length + this.crm.writes.length,
    })
  }

  private async setUp(): Promise<void> {
    const { plan } = this
    const settings = {
      connectionId: CONNECTION,
      accountId: ACCOUNT,
      crm: this.crm.name,
      legalBasisSync: true,
      subscriptionSync: plan.subscriptions,
      createMissing: 'none',
      newlyMailableLimit: plan.newlyMailableLimit,
      subscriptionRowsPerDay: 1_000_000,
    } as const
    const config = { ...settings, sectionName: this.crm.name, section: {}, secrets: {} }
    await this.once('set-up', () => saveConnection(this.ledger, { ...settings, config }))
    await this.sweep('first sync', 'setup')
    await this.once('activate', () => setConnectionState(this.ledger, CONNECTION, 'active'))
  }

  private work({ kind, id }: Work): Promise<void> {
    const name = `${kind} ${id}`
    switch (kind) {
      case 'sweep':
        return this.sweep(name)
      case 'sendout':
        return this.sendout(name)
      case 'resync':
        return this.resync(name)
      case 'approve':
        return this.approve(name)
      case 'expireCursors':
        this.crm.expireCursors()
        this.emarketeer.generation += 1
        return Promise.resolve()
      case 'backUp':
        return this.backUp()
      case 'restore':
        return this.restore()
    }
  }

  /** Waits until no transaction runs, because a backup holds each transaction completely or not at all. */
  private async backUp(): Promise<void> {
    const { scheduler, ledger } = this
    while (ledger.isBusy) {
      await this.pause(7)
    }
    this.backedUpMs = scheduler.nowMs
    scheduler.exclusively(() => ledger.backUp())
    await this.pause(1)
  }

  /** Follows docs/ledger.md: everything is stopped, calls are dead, the backup is restored, and the command is run. */
  private async restore(): Promise<void> {
    const { scheduler, ledger } = this
    if (this.backedUpMs === null) {
      return
    }
    this.isDown = true
    this.era += 1
    const tasks = [...this.tasks]
    this.tasks.clear()
    scheduler.exclusively(async () => {
      for (const task of tasks) {
        await scheduler.kill(task)
        this.onGone.get(task)?.()
      }
    })
    await this.pause(STOPPED_MS)
    scheduler.exclusively(() => ledger.restore())
    await this.pause(1)
    const [lost] = [{ fromMs: this.backedUpMs, toMs: scheduler.nowMs }]
    this.gap = lost
    this.ghost.forget(lost.fromMs)
    this.people.knownSinceMs = Math.min(this.people.knownSinceMs, lost.fromMs)
    const evidence = { reason: 'simulated restore', by: 'Kari' }
    await this.once('ledger restored', () => beginNewEpoch(ledger, evidence, 'root'))
    this.isDown = false
  }

  /** Starts work that runs beside the rest. */
  private begin(name: string, work: () => Promise<void>): void {
    const { scheduler } = this
    if (this.isDown) {
      return
    }
    scheduler.note(`${name} begins`)
    const going = work()
      .catch((error: Error) => scheduler.note(`${name} ends with ${codeOf(error)}`))
      .finally(() => this.underWay.delete(going))
    this.underWay.add(going)
  }

  /** One sweep, in the order of its workflow. */
  private async sweep(name: string, trigger: Trigger = 'sweep'): Promise<void> {
    const began = this.scheduler.nowMs
    const step = this.stepsOf(name, trigger)
    await step('catchUpBoth', catchUpBoth)
    await step('syncCategories', syncCategories)
    let range: SyncedDue['next'] = null
    do {
      const options = { reading: 'copy', loosening: 'stage', maxBatches: 5, range } as const
      const due: SyncedDue = await step('syncDue', (session) => syncDue(session, options))
      range = due.next
    } while (range !== null)
    await step('settleRun', settleRun)
    await step('endRun', (session) => endRun(session.db, session.run.runId))
    for (let shard = 0; shard < SHARDS; shard += 1) {
      await step(`drainInbox ${shard}`, (session) => drainInbox(session, shard))
    }
    this.people.knownSinceMs = Math.max(this.people.knownSinceMs, began)
    this.lastSweep = began
  }

  private async resync(name: string): Promise<void> {
    const emails = this.everyAddress().filter((_, at) => this.chance.of(name, at) < 0.3)
    const step = this.stepsOf(name, 'manual')
    await step('resync', async (session) => {
      const ids = [...(await findAddresses(session.db, CONNECTION, emails)).values()]
      await syncAddresses(session, ids, { reading: 'direct', loosening: 'stage' })
    })
    await step('settleRun', settleRun)
  }

  private async approve(name: string): Promise<void> {
    await this.once(name, () =>
      approveHeld(this.ledger, { connectionId: CONNECTION, reason: 'simulated', by: 'Kari' }),
    )
  }

  /** A pre-send, in the order of its workflow, and its list, read immediately and later. */
  private async sendout(name: string): Promise<void> {
    const { scheduler, ledger } = this
    const sendoutId = `s${name.split(' ')[1]}`
    const step = this.stepsOf(name, 'preSend')
    const sendoutRunId = this.runIdOf(name)
    await this.once(`${name} open`, () =>
      ledger.transaction((tx) =>
        openSendoutRun(tx, {
          sendoutRunId,
          sendoutId,
          stage: 'send',
          accountId: ACCOUNT,
          connectionId: CONNECTION,
          crm: this.crm.name,
          workflowId: name,
          deadlineMs: scheduler.nowMs + 30 * MINUTE_MS,
        }),
      ),
    )
    const problems: string[] = []
    const trying = async <T>(work: Promise<T>): Promise<T | null> =>
      work.catch((error: Error) => {
        problems.push(codeOf(error))
        return null
      })
    const load = async (session: SyncSession) => (await findSendoutRun(session.db, sendoutRunId))!
    const askedMs = scheduler.nowMs
    const named = {
      connectionId: CONNECTION,
      sendoutId,
      stage: 'send',
      campaignId: '1',
      componentId: '1',
    } as const
    const fixed = await trying(
      step('fixAudience', async (session) => fixAudience(session, await load(session), named)),
    )
    let proof: FreshnessProof | null = null
    if (fixed !== null) {
      proof =
        (
          await trying(
            step('proveFreshness', async (session) => proveFreshness(session, await load(session))),
          )
        )?.proof ?? null
      const halves = [
        { from: 0, to: Math.ceil(fixed.targeted / 2) },
        { from: Math.ceil(fixed.targeted / 2), to: fixed.targeted },
      ]
      await Promise.all(
        halves.map((range, shard) =>
          trying(
            step(`syncMembers ${shard}`, async (session) =>
              syncMembers(session, await load(session), range, proof ?? 'direct'),
            ),
          ),
        ),
      )
      await trying(step('settleRun', settleRun))
      await trying(
        step('decideMembers', async (session) => {
          await decideMembers(session, await load(session))
          await scheduler.step('compare', 1, () => this.comparePlain(name, session, sendoutRunId))
        }),
      )
    }
    const closing = {
      sendoutRunId,
      proof,
      onUnverified: 'exclude',
      aborted: false,
      problems,
    } as const
    const result = await step('closeSendout', (session) => closeSendout(session.db, closing))
    scheduler.note(`${name} decided: ${result.eligible} of ${result.targeted}`)
    for (const read of ['at once', 'late']) {
      await this.pause(read === 'late' ? this.chance.between(1, 900_000, 'late', name) : 1)
      await trying(this.readList(`${name} list ${read}`, sendoutId, askedMs))
    }
  }

  /** Reports plain members on whom the ledger's statement and the gate differ. */
  private async comparePlain(
    name: string,
    session: SyncSession,
    sendoutRunId: string,
  ): Promise<void> {
    const { plain, differing } = await this.ledger.askAsOne((db) =>
      comparePlain(db, session, sendoutRunId, true),
    )
    this.plain += plain
    this.findings.push(
      ...differing.map(({ position, verdict, gate }): Finding => {
        const what = `${name}: member ${position} is ${verdict} by the statement, ${gate} by the gate`
        return { oracle: 'plain', email: null, what }
      }),
    )
  }

  private async readList(name: string, sendoutId: string, askedMs: number): Promise<void> {
    const { scheduler } = this
    let cursor: string | null = null
    let page = 0
    do {
      let beganMs = 0
      const read: ListRead = await this.stepsOf(name, 'preSend')(
        `page ${(page += 1)}`,
        async (session) => {
          beganMs = scheduler.nowMs
          const run = await findListRun(session.db, { sendoutId, accountId: ACCOUNT })
          return readMailingListPage(session, run, cursor)
        },
      )
      cursor = read.nextCursor
      this.listed += read.entries.length
      const until = { emarketeerMs: beganMs, crmMs: askedMs, allowMs: scheduler.nowMs }
      const found = listFindings(
        read,
        this.ghost,
        until,
        this.plan.subscriptions ? `c:${CATEGORY}` : null,
      )
      this.findings.push(...found.map((one) => ({ ...one, what: `${name}: ${one.what}` })))
    } while (cursor !== null)
  }

  /** Delivers the CRM's webhooks to the inbox: sometimes late, duplicated, or never. */
  private tell(change: CrmChange): void {
    const place = `${change.entity} ${change.id} ${(this.hints += 1)}`
    const fault = this.faults.ofWebhook(place)
    if (fault === 'lost' || !this.isHeard()) {
      return
    }
    const hint: InboxHint = {
      source: 'crm',
      shard: this.chance.between(0, SHARDS - 1, change.contactId),
      entity: change.entity,
      entityId: change.id,
      crmContactId: change.contactId,
      actorUserId: change.byUs ? null : '00000003-0000-4000-8000-000000000001',
      saysDeny: change.denies && !change.byUs,
      addresses: change.byUs ? [] : change.addresses,
      ownWrite:
        change.byUs && this.crm.capabilities.values === 'toggle'
          ? { value: change.denies ? 'deny' : 'allow', creates: change.creates ?? false }
          : null,
      eventId: place,
    }
    const afterMs =
      fault === 'late'
        ? this.chance.between(5_000, 400_000, place)
        : this.chance.between(100, 4_000, place)
    for (let copy = 1; copy <= (fault === 'twice' ? 2 : 1); copy += 1) {
      this.post(hint, this.scheduler.nowMs + copy * afterMs)
    }
  }

  /** A plug-in of the CRM answers our write within seconds: it saves a card, or answers for the person. */
  private react({ email, recordId, cell }: OwnWrite): void {
    const { scheduler, chance } = this
    const id = (this.reactions += 1)
    const place = `${recordId} ${cell} ${id}`
    if (email === null || !this.faults.reacts(place)) {
      return
    }
    scheduler.at(scheduler.nowMs + chance.between(0, REACTION_MS, 'reaction', place), () => {
      const kind = chance.pick(REACTIONS, 'reaction', place)
      const act = { id: -id, atMs: 0, life: People.lifeOf(email), kind }
      const asUs = chance.of('reacts as us', place) < 0.5
      const what = this.people.do(act, asUs) ?? 'nothing'
      scheduler.note(`plug-in${asUs ? ' under our user' : ''} after ${place}: ${what}`)
    })
  }

  /**
   * Webhooks arrive around half of the works, where they collide with them; a drain for each change would take most of
   * a world's time.
   */
  private isHeard(): boolean {
    const atMs = this.scheduler.nowMs - BEGIN_MS
    return this.plan.works.some(
      (work) =>
        Math.abs(atMs - work.atMs) < HEARD_MS && this.chance.of('heard', work.kind, work.id) < 0.5,
    )
  }

  /** Hints that arrive within two seconds are stored together. */
  private post(hint: InboxHint, atMs: number): void {
    const window = Math.ceil(atMs / POST_WINDOW_MS) * POST_WINDOW_MS
    const together = this.posting.get(window)
    if (together) {
      together.push(hint)
      return
    }
    const hints = [hint]
    this.posting.set(window, hints)
    this.scheduler.at(window, () => {
      this.posting.delete(window)
      this.begin(`hooks ${window}`, () => this.takeHints(`hooks ${window}`, hints))
    })
  }

  private async takeHints(name: string, hints: readonly InboxHint[]): Promise<void> {
    await this.once(name, () => putHints(this.ledger, CONNECTION, hints))
    const shards = new Set(hints.map(({ shard }) => shard))
    await Promise.all([...shards].map((shard) => this.drain(name, shard)))
  }

  /** Like the workflow of a shard: drains one after the other, while something arrives. */
  private async drain(name: string, shard: number): Promise<void> {
    const isRunning = this.draining.has(shard)
    this.draining.set(shard, true)
    while (!isRunning && this.draining.get(shard)) {
      await this.pause(this.chance.between(500, 30_000, name, shard))
      this.draining.set(shard, false)
      await this.stepsOf(`drain ${shard} after ${name} ${this.scheduler.nowMs}`, 'webhook')(
        'drainInbox',
        (session) => drainInbox(session, shard),
      ).catch(() => undefined)
    }
    if (!isRunning) {
      this.draining.delete(shard)
    }
  }

  /** Steps of one run. Each is an activity: repeated if it fails, dies, or hangs. */
  private stepsOf(name: string, trigger: Trigger) {
    const runId = this.runIdOf(name)
    const { era } = this
    return <T>(what: string, work: (session: SyncSession) => Promise<T>): Promise<T> =>
      this.activity(era, `${name} ${what}`, async () =>
        work(await this.session(runId, trigger, name)),
      )
  }

  private async activity<T>(era: number, name: string, work: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      if (era !== this.era || this.isDown) {
        throw new Gone('terminated')
      }
      const task = new Task(`${name}/${attempt}`)
      this.tasks.add(task)
      try {
        return await Promise.race([this.scheduler.run(task, work), this.goneOf(task)])
      } catch (error) {
        this.scheduler.note(`${task.name} fails: ${codeOf(error as Error)}`)
        const waitMs = this.waitAfter(task, attempt, error as Failure)
        if (waitMs === null) {
          throw error
        }
        await this.pause(waitMs)
      } finally {
        if (!(task.hangsUntilMs > this.scheduler.nowMs)) {
          this.tasks.delete(task)
        }
      }
    }
  }

  /** Wait before the next try of a step, ms, at least as long as the system asked; null: there is none. */
  private waitAfter({ name }: Task, attempt: number, error: Failure): number | null {
    const kind = name.startsWith('sendout') ? 'sendout' : 'other'
    const { first, longest } = RETRY_MS
    const askedMs = (error.retryAfterSeconds ?? 0) * 1_000
    if (
      attempt === TRIES[kind] ||
      error.kind?.retryable === false ||
      (kind === 'sendout' && askedMs > MINUTE_MS)
    ) {
      return null
    }
    const waitMs = Math.max(askedMs, Math.min(longest[kind], first * 2 ** (attempt - 1)))
    return waitMs + this.chance.between(0, 900, 'retry', name)
  }

  /** Work that no fault ends. */
  private once<T>(name: string, work: () => Promise<T>): Promise<T> {
    const task = new Task(name)
    this.safe.add(task)
    return this.scheduler.run(task, work)
  }

  private readonly safe = new WeakSet<Task>()
  private readonly onGone = new WeakMap<Task, () => void>()

  private goneOf(task: Task): Promise<never> {
    return new Promise((_, reject) => this.onGone.set(task, () => reject(new Gone('no heartbeat'))))
  }

  /** Whether a task dies or hangs at this step. */
  private endAtStep(task: Task): number {
    const { scheduler, faults } = this
    if (this.safe.has(task)) {
      return 0
    }
    const place = `${task.name} ${task.steps}`
    const gone = [task]
    if (faults.crashes(place, task.danger > 0)) {
      gone.push(...(faults.takesAll(place) ? [...this.tasks].filter((one) => one !== task) : []))
      gone.forEach((one) => scheduler.at(scheduler.nowMs, () => scheduler.kill(one)))
    } else if (faults.hangs(place)) {
      scheduler.note(`${task.name} hangs`)
      task.hangsUntilMs = scheduler.nowMs + HANG_MS
      scheduler.at(scheduler.nowMs + IDLE_IN_TRANSACTION_MS, () => scheduler.endTransactions(task))
    } else {
      return 0
    }
    scheduler.at(scheduler.nowMs + HEARTBEAT_MS, () => {
      gone.forEach((one) => this.onGone.get(one)?.())
    })
    return 0
  }

  private async session(runId: string, trigger: Trigger, workflowId: string): Promise<SyncSession> {
    const connection = (await findConnection(this.ledger, CONNECTION))!
    const clock = new ClockWatch()
    const unreadable = new UnreadableRecords(SILENT)
    return {
      db: this.ledger,
      connection,
      emarketeer: this.client,
      crm: this.openCrm,
      publicContacts: null,
      run: { runId, connectionId: CONNECTION, trigger, workflowId },
      call: { tally: new RequestTally(), onClock: clock.note, onUnreadable: unreadable.note },
      clock,
      unreadable,
      log: SILENT,
      heartbeat: () => undefined,
    }
  }

  private runIdOf(name: string): string {
    const hex = (n: number) =>
      Math.floor(this.chance.of('run', name, n) * 0x1_0000_0000)
        .toString(16)
        .padStart(8, '0')
    const text = [0, 1, 2, 3].map(hex).join('')
    return `${text.slice(0, 8)}-${text.slice(8, 12)}-4${text.slice(13, 16)}-a${text.slice(17, 20)}-${text.slice(20)}`
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.scheduler.at(this.scheduler.nowMs + ms, () => resolve()))
  }
}

const LEDGER_OF_ADDRESS = [
  'addresses',
  'cells',
  'crm_contacts',
  'emarketeer_contacts',
  'loosenings',
  'consent_events',
].map(
  (table) => `SELECT to_jsonb(t) || jsonb_build_object('table', '${table}') AS row FROM ${table} t
    WHERE address_id = (SELECT address_id FROM addresses WHERE address = $1) ORDER BY t::text`,
)

/** Fewer shards than the inbox has, so that each has something to do. */
const SHARDS = 2

/** What plug-ins do in answer to our writes. */
const REACTIONS = ['crmEdit', 'crmEdit', 'crmEdit', 'crmDeny', 'crmNo', 'crmStoreDeny'] as const
const REACTION_MS = 4_000

const POST_WINDOW_MS = 2_000
const HEARD_MS = 40_000

function codeOf(error: Error): string {
  return (error as { code?: string }).code ?? `${error.name}: ${error.message}`
}
