import { putHints, type InboxHint } from '../src/ledger/run/inbox.js'
import { drainInbox } from '../src/sync/run/drain-inbox.js'
import type { Activities } from './activities.js'
import { BEGIN_MS, CONNECTION, SHARDS, type Stage } from './stage.js'
import type { CrmChange } from './systems/crm.js'

const POST_WINDOW_MS = 2_000
const HEARD_MS = 40_000

/** The CRM's webhooks, and the drains of the inbox that follow them. */
export class Webhooks {
  private readonly draining = new Map<number, boolean>()
  private readonly posting = new Map<number, InboxHint[]>()
  /** Number of changes that could be told. */
  hints = 0

  constructor(
    private readonly stage: Stage,
    private readonly activities: Activities,
    /** Starts work that runs beside the rest. */
    private readonly begin: (name: string, work: () => Promise<void>) => void,
  ) {}

  /** Delivers the CRM's webhooks to the inbox: sometimes late, duplicated, or never. */
  tell(change: CrmChange): void {
    const place = `${change.entity} ${change.id} ${(this.hints += 1)}`
    const fault = this.stage.faults.ofWebhook(place)
    if (fault === 'lost' || !this.isHeard()) {
      return
    }
    const hint: InboxHint = {
      source: 'crm',
      shard: this.stage.chance.between(0, SHARDS - 1, change.contactId),
      entity: change.entity,
      entityId: change.id,
      crmContactId: change.contactId,
      actorUserId: change.byUs ? null : '00000003-0000-4000-8000-000000000001',
      saysDeny: change.denies && !change.byUs,
      addresses: change.byUs ? [] : change.addresses,
      ownWrite:
        change.byUs && this.stage.crm.capabilities.values === 'toggle'
          ? { value: change.denies ? 'deny' : 'allow', creates: change.creates ?? false }
          : null,
      eventId: place,
    }
    const afterMs =
      fault === 'late'
        ? this.stage.chance.between(5_000, 400_000, place)
        : this.stage.chance.between(100, 4_000, place)
    for (let copy = 1; copy <= (fault === 'twice' ? 2 : 1); copy += 1) {
      this.post(hint, this.stage.scheduler.nowMs + copy * afterMs)
    }
  }

  /**
   * Webhooks arrive around half of the works, where they collide with them; a drain for each change would take most of
   * a world's time.
   */
  private isHeard(): boolean {
    const atMs = this.stage.scheduler.nowMs - BEGIN_MS
    return this.stage.plan.works.some(
      (work) =>
        Math.abs(atMs - work.atMs) < HEARD_MS &&
        this.stage.chance.of('heard', work.kind, work.id) < 0.5,
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
    this.stage.scheduler.at(window, () => {
      this.posting.delete(window)
      this.begin(`hooks ${window}`, () => this.takeHints(`hooks ${window}`, hints))
    })
  }

  private async takeHints(name: string, hints: readonly InboxHint[]): Promise<void> {
    await this.activities.once(name, () => putHints(this.stage.ledger, CONNECTION, hints))
    const shards = new Set(hints.map(({ shard }) => shard))
    await Promise.all([...shards].map((shard) => this.drain(name, shard)))
  }

  /** Like the workflow of a shard: drains one after the other, while something arrives. */
  private async drain(name: string, shard: number): Promise<void> {
    const isRunning = this.draining.has(shard)
    this.draining.set(shard, true)
    while (!isRunning && this.draining.get(shard)) {
      await this.stage.scheduler.pause(this.stage.chance.between(500, 30_000, name, shard))
      this.draining.set(shard, false)
      await this.activities
        .stepsOf(`drain ${shard} after ${name} ${this.stage.scheduler.nowMs}`, 'webhook')(
          'drainInbox',
          (session) => drainInbox(session, shard),
        )
        .catch(() => undefined)
    }
    if (!isRunning) {
      this.draining.delete(shard)
    }
  }
}
