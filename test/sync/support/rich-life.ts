import { seededRandom, type Random } from '../../../simulators/common/random.js'
import type { LegalBasis } from '../../../src/domain/legal-basis.js'
import { mortal } from './mortal.js'
import type { RichPerson } from './rich-person.js'
import type { RichWorld } from './rich-world.js'

/** An act by a person or a user, noted by an observer who sees everything and writes nothing. */
interface GhostAct {
  readonly value: LegalBasis
  /** `emarketeer`, or the id of the CRM person. */
  readonly where: 'emarketeer' | string
}

/** An address of a random run. */
export interface RichLife {
  readonly person: RichPerson
  /** The observer's log for marketing sendouts, oldest first. */
  readonly acts: GhostAct[]
  /** The same for storing. */
  readonly storeActs: GhostAct[]
  /** The id of the CRM person who has it as a secondary address. */
  holder: string | null
  /** A withdrawal was lost with a person whom perhaps nobody had read. */
  lost: boolean
  readonly story: string[]
}

const POSITIVE: readonly LegalBasis[] = ['consent', 'legitimateInterest', 'contract']

/**
 * Some addresses in two systems; a seed determines what happens: races, late writes, deaths of the process, twins, a
 * second purpose.
 */
export class RichLives {
  readonly lives: RichLife[] = []
  readonly random: Random

  constructor(
    private readonly world: RichWorld,
    seed: number,
  ) {
    this.random = seededRandom(seed)
  }

  async begin(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const basis = this.pick<LegalBasis>(['consent', 'legitimateInterest', 'withdrawn', 'none'])
      const rows = this.pick<LegalBasis[]>([
        [basis],
        ['none'],
        ['consent'],
        [basis, 'withdrawn'],
        [],
      ])
      const before = this.lives.at(-1)
      const otherEmails = before && this.random() < 0.3 ? [before.person.email] : []
      const person = await this.world.person({ basis, rows, otherEmails })
      const life: RichLife = {
        person,
        acts: [],
        storeActs: [],
        holder: null,
        lost: false,
        story: [`starts ${basis} with ${rows.join('+')}`],
      }
      life.acts.push(...(basis === 'none' ? [] : [{ value: basis, where: 'emarketeer' }]))
      person.ids.forEach((id, index) => {
        life.acts.push(...(rows[index] === 'none' ? [] : [{ value: rows[index]!, where: id }]))
      })
      if (before && otherEmails.length > 0 && person.ids[0] !== undefined) {
        before.holder = person.ids[0]
        life.story.push(`also at ${before.person.email}`)
      }
      this.lives.push(life)
    }
    await this.world.sweep()
  }

  async step(): Promise<void> {
    const roll = this.random()
    const life = this.pick(this.lives)
    const { switches } = this.world.crm
    if (roll < 0.45) {
      await this.act(life)
    } else if (roll < 0.55) {
      switches[this.pick(['beforeWrite', 'afterWrite'] as const)] = () => this.userActs(life)
    } else if (roll < 0.62) {
      switches.holdWrites = true
      await this.quietly('sweep without answers', () => this.world.sweep())
      switches.holdWrites = false
    } else if (roll < 0.68) {
      this.world.crm.land()
    } else if (roll < 0.72) {
      switches.countEqualWrites = !switches.countEqualWrites
    } else if (roll < 0.78) {
      const id = this.livingOf(life)
      if (id !== null) {
        this.world.crm.saveAgain(id, 'marketingSendouts')
        life.story.push(`${id} saved again`)
      }
    } else if (roll < 0.9) {
      await this.quietly('sweep', () => this.world.sweep())
    } else {
      const { twist } = mortal(1 + Math.floor(this.random() * 50))
      await this.quietly('mortal sweep', () => this.world.sweep(twist))
      await this.world.timePasses()
    }
  }

  /** All writes in progress arrive, and nothing more happens. */
  settle(): void {
    const { switches } = this.world.crm
    switches.beforeWrite = null
    switches.afterWrite = null
    this.world.crm.land()
  }

  private async act(life: RichLife): Promise<void> {
    const roll = this.random()
    if (roll < 0.45) {
      const value = this.random() < 0.5 ? 'withdrawn' : this.pick(POSITIVE)
      const store = this.random() < 0.15
      await life.person.acts(value, store ? 'storeAndProcess' : 'marketingSendouts')
      const log = store ? life.storeActs : life.acts
      log.push({ value, where: 'emarketeer' })
      life.story.push(`eMarketeer: ${value}${store ? ' (store)' : ''}`)
    } else if (roll < 0.85) {
      this.userActs(life)
    } else if (roll < 0.93) {
      const value = this.pick<LegalBasis>(['consent', 'none', 'withdrawn'])
      const id = life.person.join(value)
      life.acts.push(...(value === 'none' ? [] : [{ value, where: id }]))
      life.story.push(`${id} joins with ${value}`)
      await this.world.walkIsDue()
    } else {
      const id = this.livingOf(life)
      if (id !== null) {
        const last = life.acts.filter((act) => act.where === id).at(-1)
        life.lost ||= last?.value === 'withdrawn'
        this.world.crm.persons.get(id)!.deleted = true
        life.story.push(`${id} deleted`)
        await this.world.walkIsDue()
      }
    }
  }

  private userActs(life: RichLife): void {
    const id = this.livingOf(life)
    if (id !== null) {
      const value = this.random() < 0.5 ? 'withdrawn' : this.pick(POSITIVE)
      this.world.crm.set(id, 'marketingSendouts', value)
      life.acts.push({ value, where: id })
      life.story.push(`${id}: ${value}`)
    }
  }

  private livingOf({ person }: RichLife): string | null {
    const living = person.ids.filter((id) => !this.world.crm.persons.get(id)!.deleted)
    return living.length === 0 ? null : this.pick(living)
  }

  private async quietly(what: string, work: () => Promise<unknown>): Promise<void> {
    const end = await work().then(
      () => 'done',
      (error: unknown) => (error as Error).message,
    )
    this.lives.forEach((life) => life.story.push(`${what}: ${end}`))
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.random() * items.length)]!
  }
}
