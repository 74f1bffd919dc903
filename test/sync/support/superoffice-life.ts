import { expect } from '@jest/globals'
import { passTime } from './pass-time.js'
import { preSend } from './pre-send.js'
import { RichLives, type RichLife } from './rich-life.js'
import type { SuperOfficeWorld } from './superoffice-world.js'
import type { World } from './world.js'

/** Below and above the difference that two clocks may have. */
const PAUSES_MS = [0, 0, 1_000, 3_000, 10_000, 60_000]

const SKEWS_MS = [0, 0, 30_000, -30_000, 200_000, -200_000, 3_600_000, -3_600_000]

/** Random lives in a SuperOffice: the events of any rich CRM, and SuperOffice's own. */
export class SuperOfficeLives {
  readonly rich: RichLives
  /** Whether some clients stamp consents when they save a card. */
  private readonly touches: boolean
  /** Persons in the bin, with the life to which they belong. */
  private readonly binned: { readonly life: RichLife; readonly id: string }[] = []

  constructor(
    protected readonly given: SuperOfficeWorld,
    seed: number,
  ) {
    this.rich = new RichLives(given.now, seed)
    this.touches = given.crm.touchesConsents
  }

  get lives(): readonly RichLife[] {
    return this.rich.lives
  }

  async step(): Promise<void> {
    passTime(this.pick(PAUSES_MS))
    const roll = this.rich.random()
    if (roll < 0.6) {
      return this.rich.step()
    }
    if (roll < 0.7) {
      return this.race(this.pick(this.lives))
    }
    const { crm, now } = this.given
    const life = this.pick(this.lives)
    const id = this.livingOf(life)
    if (roll < 0.78) {
      const act = this.pick([
        () => this.userActs(life),
        () => this.userActs(life),
        () => this.saveCard(life),
      ])
      crm.atRequest(Math.floor(this.rich.random() * 12), act)
    } else if (roll < 0.82) {
      await this.setClock(this.pick(SKEWS_MS))
    } else if (roll < 0.86) {
      await this.restart(life)
    } else if (roll < 0.9) {
      this.saveCard(life)
    } else if (roll < 0.94) {
      await this.merge(life, this.pick(this.lives))
    } else if (roll < 0.97) {
      await this.bin(life, id)
    } else {
      crm.world.faults.arm({ ...this.pick(FAULTS), times: 1 })
      await now.sweep().catch(() => undefined)
    }
  }

  /**
   * Sets the CRM's clock, after two sweeps have read what its people did by the previous clock: nothing states how long
   * ago a clock that no longer exists made a stamp.
   */
  private async setClock(skewMs: number): Promise<void> {
    const { crm, now } = this.given
    for (let sweep = 0; sweep < 2; sweep += 1) {
      await now.timePasses()
      await now.sweep().catch(() => undefined)
    }
    crm.world.clock.setSkewMs(skewMs)
    this.noteInAll(`clock at ${skewMs}`)
  }

  /** Saves a card. Some clients also stamp the consents, and some do not. */
  private saveCard(life: RichLife): void {
    const id = this.livingOf(life)
    if (id !== null) {
      const { crm } = this.given
      crm.world.switches.saveTouchesConsent = this.touches && this.rich.random() < 0.7
      crm.saveCard(id)
      life.story.push(`card of ${id} saved`)
    }
  }

  /** All writes in progress arrive, the clock is right, and nothing more happens. */
  async settle(): Promise<void> {
    const { crm } = this.given
    this.rich.settle()
    crm.atRequest(0, () => undefined)
    crm.world.faults.clear()
    crm.world.clock.setSkewMs(0)
  }

  /** Nobody whose last act was a deny, or who has a withdrawn CRM person, is on a list at any moment (G). */
  async mailsNobodyWhoLeft(seed: number): Promise<void> {
    const { crm, now } = this.given
    // The list contains the state of its reading. Armed acts would happen during that reading.
    crm.switches.beforeWrite = null
    crm.switches.afterWrite = null
    crm.atRequest(0, () => undefined)
    const contactIds = this.lives.map((life) => life.person.contactId)
    const ask = { contactIds, crm: 'superoffice-online', tolerant: true }
    const { list } = await preSend(now as unknown as World, ask)
    const mailed = new Set(list!.map((entry) => entry.contactId))
    const left = this.lives.filter((life) => this.hasLeft(life))
    const wrong = left.filter((life) => mailed.has(life.person.contactId)).map(storyOf)
    expect({ seed, wrong }).toEqual({ seed, wrong: [] })
  }

  /** At rest: a last deny is on both sides, and no consent exists without a person's act. */
  async expectKept(seed: number): Promise<void> {
    for (const life of this.lives) {
      const { e, d } = await life.person.state()
      const last = life.acts.at(-1)
      const story = storyOf(life)
      if (last?.value === 'withdrawn' && !life.lost) {
        const young = last.where !== 'emarketeer' && last.where !== this.oldestOf(life)
        const denied = e === 'withdrawn' || (young && d.includes('withdrawn'))
        expect({ seed, story, denied, e, d }).toMatchObject({ denied: true })
        if (!young) {
          expect({ seed, story, d }).toEqual({ seed, story, d: d.map(() => 'withdrawn') })
        }
      }
      const consented = life.acts.some((act) => act.value === 'consent')
      const invented = !consented && (e === 'consent' || d.includes('consent'))
      expect({ seed, story, invented }).toEqual({ seed, story, invented: false })
      const store = await life.person.state('storeAndProcess')
      if (life.storeActs.at(-1)?.value === 'withdrawn') {
        const d = store.d.map(() => 'withdrawn')
        expect({ seed, story, ...store }).toEqual({ seed, story, e: 'withdrawn', d })
      }
    }
  }

  /** Whether the person must not be on a list. */
  protected hasLeft(life: RichLife): boolean {
    const { crm } = this.given
    const { holder } = life
    const asSecondaryHolder =
      holder !== null && !crm.persons.get(holder).deleted && crm.value(holder) === 'withdrawn'
    const left = [life.acts, life.storeActs].some((acts) => acts.at(-1)?.value === 'withdrawn')
    return asSecondaryHolder || (left && !life.lost)
  }

  /** A person consents in eMarketeer, and withdraws in the CRM while the consent is on its way there. */
  private async race(life: RichLife): Promise<void> {
    const { crm, now } = this.given
    const value = this.pick(['consent', 'contract', 'legitimateInterest'] as const)
    const when = this.pick(['before', 'after', 'late'] as const)
    await life.person.acts(value)
    life.acts.push({ value, where: 'emarketeer' })
    life.story.push(`eMarketeer: ${value}, and a race ${when} our write`)
    if (when === 'late') {
      crm.switches.holdWrites = true
    } else {
      crm.race = { when, act: (personId) => this.withdraws(personId) }
    }
    await now.sweep().catch(() => undefined)
    crm.switches.holdWrites = false
    crm.race = null
    crm.heldPersons().forEach((personId) => this.withdraws(personId))
    crm.land()
  }

  private withdraws(personId: string): void {
    const life = this.lives.find(({ person }) => person.ids.includes(personId))
    if (life && !this.given.crm.persons.get(personId).deleted) {
      this.given.crm.set(personId, 'marketingSendouts', 'withdrawn')
      life.acts.push({ value: 'withdrawn', where: personId })
      life.story.push(`${personId} amid our write: withdrawn`)
    }
  }

  private userActs(life: RichLife): void {
    const id = this.livingOf(life)
    if (id !== null) {
      const value = this.pick(['withdrawn', 'withdrawn', 'consent', 'contract'] as const)
      this.given.crm.set(id, 'marketingSendouts', value)
      life.acts.push({ value, where: id })
      life.story.push(`${id} amid our requests: ${value}`)
    }
  }

  /** The ledger is restored from a copy that does not know a person: nothing observed before proves anything. */
  private async restart(life: RichLife): Promise<void> {
    const { db } = this.given.now
    await db.query(
      `UPDATE cells SET seen = NULL WHERE address_id IN (SELECT address_id FROM addresses WHERE address = $1)`,
      [life.person.email],
    )
    await db.query(`UPDATE addresses SET dirty_tick = nextval('ledger_tick')`)
    await db.query(`UPDATE connections SET epoch = epoch + 1`)
    this.noteInAll(`the ledger restarts, without ${life.person.email}`)
  }

  /** One person is merged into another: its addresses move there, and its values are lost. */
  private async merge(loser: RichLife, survivor: RichLife): Promise<void> {
    const [gone, stays] = [this.livingOf(loser), this.livingOf(survivor)]
    if (gone === null || stays === null || gone === stays) {
      return
    }
    this.forget(loser, gone)
    this.given.crm.merge(gone, stays)
    if (loser !== survivor) {
      loser.holder = stays
    }
    loser.story.push(`${gone} merged into ${stays}`)
    survivor.story.push(`${gone} merged into ${stays}`)
    await this.given.now.walkIsDue()
  }

  /** A person is put into the bin, or restored from it. */
  private async bin(life: RichLife, id: string | null): Promise<void> {
    const back = this.binned.pop()
    if (back !== undefined && this.given.crm.world.store.person.get(Number(back.id))) {
      this.given.crm.persons.get(back.id).deleted = false
      back.life.story.push(`${back.id} restored`)
    } else if (id !== null) {
      this.forget(life, id)
      this.given.crm.persons.get(id).deleted = true
      this.binned.push({ life, id })
      life.story.push(`${id} binned`)
    }
    await this.given.now.walkIsDue()
  }

  /** A withdrawal that is lost with its person may have been read by nobody. */
  private forget(life: RichLife, id: string): void {
    const last = life.acts.filter((act) => act.where === id).at(-1)
    life.lost ||= last?.value === 'withdrawn'
  }

  protected livingOf({ person }: RichLife): string | null {
    const living = person.ids.filter((id) => !this.given.crm.persons.get(id).deleted)
    return living.length === 0 ? null : this.pick(living)
  }

  protected oldestOf({ person }: RichLife): string | undefined {
    return person.ids.find((id) => !this.given.crm.persons.get(id).deleted)
  }

  protected noteInAll(what: string): void {
    this.lives.forEach((life) => life.story.push(what))
  }

  protected pick<T>(items: readonly T[]): T {
    return this.rich.pick(items)
  }
}

const FAULTS = [
  { path: '/Archive/', status: 503 },
  { method: 'PUT', reset: true, execute: true },
  { method: 'PUT', status: 503 },
  { method: 'PUT', status: 429, headers: { 'Retry-After': '1' } },
  { path: '/Archive/', status: 401 },
]

function storyOf(life: RichLife): string {
  return [life.person.email, ...life.story].join('; ')
}
