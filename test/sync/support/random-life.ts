import { seededRandom, type Random } from '../../../simulators/common/random.js'
import { expireCursor } from './cursors.js'
import { mortal } from './mortal.js'
import type { Basis, Person, Toggle } from './person.js'
import type { World } from './world.js'

/**
 * The last act of a person, or of a colleague on their behalf; `lost`: it was on a record that was deleted before
 * anybody may have read it.
 */
type LastAct = 'deny' | 'allow' | 'lost'

/** A person of a random run, and the facts that must hold for them. */
export interface Life {
  readonly person: Person
  /** On marketing. */
  last: LastAct
  /** On category c1. */
  lastSubscription: LastAct
  /** Somebody set consent: a form, a user, or Allow over a deny. */
  mayHoldConsent: boolean
  /** The toggles of Dynamics' records; null: deleted. */
  readonly toggles: (Toggle | null)[]
  /** The acts so far, to explain a failure. */
  readonly story: string[]
}

const WRITE_FAULTS = [
  { execute: true, reset: true },
  { reset: true },
  { status: 503 },
  { status: 429, headers: { 'Retry-After': '1' }, body: { error: {} } },
]

/** Several people in two systems; a seed determines what happens. */
export class RandomLives {
  readonly lives: Life[] = []
  readonly random: Random

  constructor(
    private readonly world: World,
    seed: number,
  ) {
    this.random = seededRandom(seed)
  }

  async begin(count: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const basis = this.pick<Basis>(['consent', 'legitimateInterest', 'withdrawn', 'none'])
      const toggles = this.pick<Toggle[]>([['allow'], ['allow'], ['deny'], ['allow', 'allow']])
      const person = await this.world.person({ basis, toggles })
      const denied = basis === 'withdrawn' || toggles.includes('deny')
      this.lives.push({
        person,
        last: denied ? 'deny' : 'allow',
        lastSubscription: 'allow',
        mayHoldConsent: basis === 'consent',
        toggles: [...toggles],
        story: [`starts ${basis} ${toggles.join('+')}`],
      })
    }
    await this.world.sweep()
  }

  /** One random event. */
  async step(): Promise<void> {
    const life = this.pick(this.lives)
    const roll = this.random()
    if (roll < 0.72) {
      await this.act(life)
    } else if (roll < 0.8) {
      await this.breakSomething()
    } else if (roll < 0.87) {
      await life.person.webhook(life.toggles.includes('deny')).catch(() => undefined)
      await this.quietly('drain', () => this.world.drain())
    } else if (roll < 0.93) {
      await this.quietly('sweep', () => this.world.sweep())
    } else {
      const { twist } = mortal(1 + Math.floor(this.random() * 60))
      await this.quietly('mortal sweep', () => this.world.sweep(twist))
      await this.world.timePasses()
    }
  }

  private async act(life: Life): Promise<void> {
    const { person } = life
    const roll = this.random()
    if (roll < 0.2) {
      await person.unsubscribe()
      life.story.push('unsubscribes')
      life.last = 'deny'
    } else if (roll < 0.35) {
      const basis = this.pick<Basis>(['consent', 'legitimateInterest', 'contract'])
      await person.consents(basis)
      life.story.push(`gives ${basis}`)
      life.last = 'allow'
      life.mayHoldConsent ||= basis === 'consent'
    } else if (roll < 0.6) {
      await this.flip(life)
    } else if (roll < 0.7) {
      await this.subscribe(life)
    } else if (roll < 0.85) {
      await this.onLiveRecord(life, (record) => person.edit({ jobtitle: `Job ${roll}` }, record))
    } else if (roll < 0.92) {
      const toggle = this.pick<Toggle>(['allow', 'allow', 'deny'])
      await person.anotherRecord(toggle)
      life.story.push(`another record ${toggle}`)
      life.toggles.push(toggle)
      life.last = toggle === 'deny' ? 'deny' : life.last
    } else {
      await this.onLiveRecord(life, async (record) => {
        await this.lookAt(life)
        if (life.toggles[record] === 'deny' && life.last === 'deny') {
          life.last = 'lost' // It may have been deleted before anybody read it.
        }
        life.lastSubscription = life.lastSubscription === 'deny' ? 'lost' : life.lastSubscription
        await person.deletedInCrm(record)
        life.story.push(`record ${record} deleted`)
        life.toggles[record] = null
      })
    }
  }

  private flip(life: Life): Promise<void> {
    return this.onLiveRecord(life, async (record) => {
      await this.lookAt(life)
      const toggle = life.toggles[record] === 'deny' ? 'allow' : 'deny'
      await life.person.flip(toggle, 'Sales Rep', record)
      life.story.push(`record ${record} set to ${toggle}`)
      life.toggles[record] = toggle
      life.mayHoldConsent ||= toggle === 'allow'
      // An Allow on one record while another one denies is neither an Allow nor a new deny.
      if (toggle === 'deny' || !life.toggles.includes('deny')) {
        life.last = toggle
      }
    })
  }

  /** Reads the toggles, because the product writes them, too. */
  private async lookAt(life: Life): Promise<void> {
    for (const [record, id] of life.person.crmIds.entries()) {
      if (life.toggles[record] !== null) {
        const row = await this.world.standIns.dynamics('GET', `rows/contact/${id}`)
        life.toggles[record] = row['donotbulkemail'] === true ? 'deny' : 'allow'
      }
    }
  }

  private async subscribe(life: Life): Promise<void> {
    const subscribed = this.random() < 0.5
    if (this.random() < 0.5) {
      await life.person.subscribes('c1', subscribed)
      life.story.push(`form: c1 ${subscribed}`)
      life.lastSubscription = subscribed ? 'allow' : 'deny'
      return
    }
    await this.onLiveRecord(life, async (record) => {
      try {
        await life.person.flipSubscription('c1', subscribed, record)
        life.story.push(`record ${record}: c1 ${subscribed}`)
        life.lastSubscription = subscribed ? 'lost' : 'deny'
      } catch {
        // The row does not exist yet.
      }
    })
  }

  private async onLiveRecord(life: Life, work: (record: number) => Promise<void>): Promise<void> {
    const live = life.toggles.flatMap((toggle, record) => (toggle === null ? [] : [record]))
    if (live.length > 0) {
      await work(this.pick(live))
    }
  }

  private async breakSomething(): Promise<void> {
    const effect = this.pick(WRITE_FAULTS)
    const roll = this.random()
    if (roll < 0.4) {
      await this.world.dynamicsFault({
        method: 'POST',
        path: '\\$batch',
        bodyMatches: 'PATCH /api',
        times: 1,
        ...effect,
      })
    } else if (roll < 0.8) {
      await this.world.emarketeerFault({
        method: 'POST',
        path: '/states/write',
        times: 1,
        ...effect,
      })
    } else if (roll < 0.9) {
      await this.world.dynamicsFault({ method: 'GET', path: 'contacts', times: 1, status: 503 })
    } else {
      await expireCursor(this.world, this.pick(['crm', 'emarketeer']))
    }
  }

  /** Runs work that a fault may end. Its results so far are stored, and the next run continues. */
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
