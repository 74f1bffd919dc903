import { saveConnection, setConnectionState } from '../src/ledger/connection/connections.js'
import { Activities } from './activities.js'
import { Chance } from './chance.js'
import { Crowd } from './crowd.js'
import { Faults } from './faults.js'
import { Ghost } from './ghost.js'
import type { LedgerServer } from './ledger-server.js'
import type { SimulatedLedger } from './ledger.js'
import { evidenceFindings, restFindings, type Finding, type RecordedEvent } from './oracles.js'
import { CATEGORY, People } from './people.js'
import type { Plan, Work } from './plan.js'
import { PlugIns } from './plug-ins.js'
import { Backup } from './restore.js'
import { Scheduler } from './scheduler.js'
import {
  ACCOUNT,
  BEGIN_MS,
  codeOf,
  CONNECTION,
  everyAddress,
  MINUTE_MS,
  type Stage,
} from './stage.js'
import { MemoryDynamics } from './systems/dynamics.js'
import { MemoryEmarketeer } from './systems/emarketeer.js'
import { MemorySuperOffice } from './systems/superoffice.js'
import { Wire } from './systems/wire.js'
import { useVirtualTime } from './virtual-time.js'
import { Webhooks } from './webhooks.js'
import { Workflows } from './workflows.js'

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

/** One connection with all its people, the systems at its ends, and what triggers its work. */
export class World {
  private readonly findings: Finding[] = []
  private readonly underWay = new Set<Promise<unknown>>()
  private readonly activities: Activities
  private readonly workflows: Workflows
  private readonly webhooks: Webhooks
  private readonly plugIns: PlugIns
  private readonly backup: Backup

  private constructor(private readonly stage: Stage) {
    const { plan, scheduler, emarketeer, crm } = stage
    const crowd = new Crowd(stage)
    const wireTo = (system: string, skewMs: number) => {
      const wire = new Wire(system, scheduler, stage.faults, skewMs)
      wire.onMoment = (place, lastsMs) => crowd.come(place, lastsMs)
      wire.onUnanswered = (place, lastsMs, addresses) => crowd.doubt(place, lastsMs, addresses)
      return wire
    }
    const client = crm.client(wireTo(crm.name, plan.skewMs.crm))
    this.activities = new Activities(stage, {
      emarketeer: emarketeer.client(wireTo('emarketeer', plan.skewMs.emarketeer)),
      crm: { capabilities: crm.capabilities, client, source: crm.source },
    })
    this.workflows = new Workflows(stage, this.activities, this.findings)
    this.webhooks = new Webhooks(stage, this.activities, (name, work) => this.begin(name, work))
    this.plugIns = new PlugIns(stage)
    this.backup = new Backup(stage, this.activities)
  }

  /** Executes a plan to its end. */
  static async live(server: LedgerServer, plan: Plan, replay: Replay = {}): Promise<Lived> {
    const chance = new Chance(`${plan.seed} run`)
    const scheduler = new Scheduler(BEGIN_MS, chance, replay.trace ?? false)
    useVirtualTime(scheduler)
    const ledger = await server.open(`simulated_${process.pid}`, scheduler)
    try {
      const stage = stageOf(plan, chance, scheduler, ledger, replay)
      const world = new World(stage)
      await world.run()
      return {
        findings: world.findings,
        fingerprint: scheduler.fingerprint,
        trace: scheduler.trace,
        faults: stage.faults.fired,
        counts: {
          steps: scheduler.steps,
          statements: ledger.statements,
          lockWaits: ledger.waits,
          acts: stage.ghost.count,
          hints: world.webhooks.hints,
          listed: world.workflows.listed,
          plain: world.workflows.plain,
          writes: stage.emarketeer.writes.length + stage.crm.writes.length,
          faults: stage.faults.fired.length,
        },
      }
    } finally {
      useVirtualTime(null)
      await ledger.close()
    }
  }

  private async run(): Promise<void> {
    const { plan, scheduler, people, crm, ghost, faults, lives } = this.stage
    lives.forEach((life) => people.begin(life))
    await scheduler.finish(this.setUp())
    crm.onChange = (change) => this.webhooks.tell(change)
    crm.onWrite = (write) => this.plugIns.react(write)
    crm.onAnswerGone = (id) => ghost.leave(id, scheduler.nowMs)
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
    crm.onChange = () => undefined
    crm.onWrite = () => undefined
    faults.ended = true
    await this.rest()
  }

  /** Ends everything that runs; then sweeps until nothing is left. */
  private async rest(): Promise<void> {
    const { scheduler } = this.stage
    await scheduler.until(scheduler.nowMs + 20 * MINUTE_MS)
    await scheduler.finish(Promise.all(this.underWay))
    for (let n = 0; n < 3; n += 1) {
      await scheduler.until(scheduler.nowMs + this.restMs)
      await scheduler.finish(this.workflows.sweep(`rest ${n}`))
      await scheduler.finish(this.workflows.approve(`rest approve ${n}`))
    }
    await this.findUnattributed()
    const before = await this.traffic()
    for (let n = 3; n < 5; n += 1) {
      await scheduler.until(scheduler.nowMs + this.restMs)
      await scheduler.finish(this.workflows.sweep(`rest ${n}`))
    }
    const after = await this.traffic()
    if (before !== after) {
      this.findings.push({
        oracle: 'rest',
        email: null,
        what: `a further sweep wrote: ${before} then ${after}`,
      })
    }
    const { plan, lives } = this.stage
    const unanswered = await this.stage.ledger.ask<{ cell: string }>(
      `SELECT a.address || ' ' || c.cell_key AS cell FROM cells c JOIN addresses a USING (address_id)
        WHERE c.open_loosen IS NOT NULL`,
    )
    const perhapsOurs = new Set(unanswered.map(({ cell }) => cell))
    const forgotten = new Set(
      this.stage.crm.writes
        .filter(({ value, atMs }) => value === 'consent' && this.backup.hasLost(atMs))
        .map(({ recordId, cell }) => `${recordId} ${cell}`),
    )
    this.findings.push(
      ...restFindings(everyAddress(lives), this.stage, plan.subscriptions, perhapsOurs, forgotten),
    )
    if (scheduler.trace !== null) {
      for (const email of new Set(this.findings.flatMap((one) => one.email ?? []))) {
        await this.showLedger(email)
      }
    }
  }

  /** Duration of the rest. If the CRM's changes report no addresses, the sweeps take up to a day to read everybody. */
  private get restMs(): number {
    return (this.stage.crm.capabilities.completeDelta ? 35 : 11 * 60) * MINUTE_MS
  }

  /** Prints what the ledger holds of an address, to explain a finding. */
  private async showLedger(email: string): Promise<void> {
    for (const what of LEDGER_OF_ADDRESS) {
      for (const row of await this.stage.ledger.ask<{ row: unknown }>(what, [email])) {
        this.stage.scheduler.note(`ledger ${JSON.stringify(row.row)}`)
      }
    }
    for (const act of ['marketingSendouts', `c:${CATEGORY}`].flatMap((cell) =>
      this.stage.ghost.acts(email, cell),
    )) {
      this.stage.scheduler.note(`ghost ${JSON.stringify(act)}`)
    }
  }

  /**
   * Finds writes without evidence: every write that either system applied must be in the evidence, for exactly that
   * cell, before the write.
   */
  private async findUnattributed(): Promise<void> {
    const { watch } = this.stage.ledger
    const recorded = await this.stage.ledger.ask<Omit<RecordedEvent, 'atMs'> & { id: string }>(
      `SELECT a.address AS email, e.cell_key AS cell, e.emarketeer_new AS emarketeer, e.crm_new AS crm,
          e.event_id AS id
        FROM consent_events e JOIN addresses a USING (address_id)`,
    )
    const events = recorded.map(({ id, ...event }): RecordedEvent => {
      return { ...event, atMs: watch.committedMs.get(id)! }
    })
    const writes = [...this.stage.emarketeer.writes, ...this.stage.crm.writes].filter(
      ({ atMs }) => !this.backup.hasLost(atMs),
    )
    this.findings.push(...evidenceFindings(writes, events))
    const addresses = await this.stage.ledger.ask<{ id: number; email: string }>(
      `SELECT address_id AS id, address AS email FROM addresses`,
    )
    const emailOf = new Map(addresses.map(({ id, email }) => [id, email]))
    this.findings.push(
      ...watch.withoutLease.map(({ addressId, atMs, by }): Finding => {
        const what = `${by} stored at ${atMs}, after another pass had taken its lease`
        return { oracle: 'lease', email: emailOf.get(addressId) ?? null, what }
      }),
    )
  }

  private async traffic(): Promise<string> {
    const [row] = await this.stage.ledger.ask<{ events: number; outcomes: number }>(
      `SELECT (SELECT count(*) FROM consent_events) AS events, (SELECT count(*) FROM consent_event_outcomes) AS outcomes`,
    )
    return JSON.stringify({
      ...row,
      writes: this.stage.emarketeer.writes.length + this.stage.crm.writes.length,
    })
  }

  private async setUp(): Promise<void> {
    const { plan, ledger, crm } = this.stage
    const settings = {
      connectionId: CONNECTION,
      accountId: ACCOUNT,
      crm: crm.name,
      legalBasisSync: true,
      subscriptionSync: plan.subscriptions,
      createMissing: 'none',
      newlyMailableLimit: plan.newlyMailableLimit,
      subscriptionRowsPerDay: 1_000_000,
    } as const
    const config = { ...settings, sectionName: crm.name, section: {}, secrets: {} }
    await this.activities.once('set-up', () => saveConnection(ledger, { ...settings, config }))
    await this.workflows.sweep('first sync', 'setup')
    await this.activities.once('activate', () => setConnectionState(ledger, CONNECTION, 'active'))
  }

  private work({ kind, id }: Work): Promise<void> {
    const name = `${kind} ${id}`
    switch (kind) {
      case 'sweep':
        return this.workflows.sweep(name)
      case 'sendout':
        return this.workflows.sendout(name)
      case 'resync':
        return this.workflows.resync(name)
      case 'approve':
        return this.workflows.approve(name)
      case 'expireCursors':
        this.stage.crm.expireCursors()
        this.stage.emarketeer.generation += 1
        return Promise.resolve()
      case 'backUp':
        return this.backup.backUp()
      case 'restore':
        return this.backup.restore()
    }
  }

  /** Starts work that runs beside the rest. */
  private begin(name: string, work: () => Promise<void>): void {
    const { scheduler } = this.stage
    if (this.activities.isDown) {
      return
    }
    scheduler.note(`${name} begins`)
    const going = work()
      .catch((error: Error) => scheduler.note(`${name} ends with ${codeOf(error)}`))
      .finally(() => this.underWay.delete(going))
    this.underWay.add(going)
  }
}

function stageOf(
  plan: Plan,
  chance: Chance,
  scheduler: Scheduler,
  ledger: SimulatedLedger,
  replay: Replay,
): Stage {
  const now = () => scheduler.nowMs
  const ghost = new Ghost()
  const emarketeer = new MemoryEmarketeer(ACCOUNT, () => now() + plan.skewMs.emarketeer, now, [
    { id: CATEGORY, name: 'Newsletters' },
  ])
  const crm =
    plan.crm === 'dynamics'
      ? new MemoryDynamics(now, plan.skewMs.crm)
      : new MemorySuperOffice(now, plan.skewMs.crm, plan.habits)
  emarketeer.account.components.set('1/1', {
    campaignId: '1',
    componentId: '1',
    channel: 'email',
    categoryId: plan.subscriptions ? CATEGORY : null,
    transactional: false,
    target: { all: true },
  })
  return {
    plan,
    chance,
    scheduler,
    faults: new Faults(chance, plan.rates, replay.onlyFaults ?? null),
    ghost,
    ledger,
    emarketeer,
    crm,
    people: new People(emarketeer, crm, ghost, chance, now),
    lives: plan.people ?? Array.from({ length: plan.lives }, (_, life) => life),
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
