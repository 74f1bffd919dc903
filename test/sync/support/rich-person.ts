import type { LegalBasis, Purpose } from '../../../src/domain/legal-basis.js'
import type { ToyWriter } from '../../third-crm/toy-crm.js'
import { eventsOf, type PersonEvent } from './person-state.js'
import type { RichWorld } from './rich-world.js'
import type { World } from './world.js'

/** A person's initial state. */
export interface NewRichPerson {
  readonly email?: string
  /** The basis for marketing sendouts in eMarketeer; null: no contact. Default `consent`. */
  readonly basis?: LegalBasis | null
  /** In the CRM, one person each; `none` has no row. Default: one person with the same basis. */
  readonly rows?: readonly LegalBasis[]
  /** Further addresses of the first CRM person. */
  readonly otherEmails?: readonly string[]
  /** The mobile number in eMarketeer. */
  readonly mobile?: string
  /** Who set those rows. */
  readonly by?: ToyWriter
}

let nextNumber = 1

/** An address in both systems, with the acts that can happen there. */
export class RichPerson {
  contactId = ''
  /** CRM persons with this as the primary address, oldest first. */
  readonly ids: string[] = []

  private constructor(
    private readonly world: RichWorld,
    readonly email: string,
  ) {}

  static async make(world: RichWorld, given: NewRichPerson): Promise<RichPerson> {
    const person = new RichPerson(world, given.email ?? `rich${nextNumber++}@example.com`)
    const basis = given.basis === undefined ? 'consent' : given.basis
    if (basis !== null) {
      await person.createInEmarketeer(given.mobile)
      if (basis !== 'none') {
        await person.acts(basis)
      }
    }
    const rows = given.rows ?? [basis ?? 'none']
    rows.forEach((value, index) => {
      person.join(value, index === 0 ? given.otherEmails : [], given.by)
    })
    return person
  }

  /** Adds a CRM person at this address. */
  join(value: LegalBasis, otherEmails: readonly string[] = [], by: ToyWriter = 'user'): string {
    const { id } = this.world.crm.add(
      [this.email, ...otherEmails],
      value === 'none' ? {} : { marketingSendouts: value },
      by,
    )
    this.ids.push(id)
    return id
  }

  async createInEmarketeer(mobile?: string): Promise<void> {
    const made = await this.world.emarketeer.post<{ contactId: string }>('accounts/1001/contacts', {
      email: this.email,
      ...(mobile === undefined ? {} : { mobile }),
    })
    this.contactId = made.contactId
  }

  /** A person's act in eMarketeer. @param eventTime ISO 8601; default: the time of recording. */
  async acts(
    legalBasis: LegalBasis,
    purpose: Purpose = 'marketingSendouts',
    eventTime?: string,
  ): Promise<void> {
    const act = { kind: 'consent', purpose, legalBasis, contactId: this.contactId, eventTime }
    await this.world.emarketeer.post('accounts/1001/acts', { acts: [act] })
  }

  /**
   * Acts in eMarketeer, and a pass writes that to the CRM: the write lands with the CRM's `land`.
   *
   * @param email the address of that pass.
   */
  async actsAndIsWrittenLate(basis: LegalBasis, email = this.email): Promise<void> {
    const { switches } = this.world.crm
    await this.acts(basis)
    switches.holdWrites = true
    await this.world.pass(email).catch(() => undefined)
    switches.holdWrites = false
  }

  /** A user's act in the CRM. */
  sets(value: LegalBasis, index = 0, purpose: Purpose = 'marketingSendouts'): void {
    this.world.crm.set(this.ids[index]!, purpose, value)
  }

  deleted(index = 0): void {
    this.world.crm.persons.get(this.ids[index]!)!.deleted = true
  }

  /**
   * The state of both systems, read without the product: eMarketeer's basis, and the live persons' rows, oldest first.
   */
  async state(
    purpose: Purpose = 'marketingSendouts',
  ): Promise<{ readonly e: string | null; readonly d: readonly string[] }> {
    const lines = await this.world.emarketeer.lines<Line>('accounts/1001/dump')
    const line = lines.find((one) => one.email === this.email && one.contactId !== null)
    const { crm } = this.world
    const live = this.ids.filter((id) => !crm.persons.get(id)!.deleted)
    return {
      e: line?.consents?.[purpose]?.value ?? null,
      d: live.map((id) => crm.value(id, purpose)),
    }
  }

  /** Consent events at this address, oldest first. */
  events(): Promise<PersonEvent[]> {
    return eventsOf(this.world as unknown as World, this.email)
  }
}

interface Line {
  readonly contactId: string | null
  readonly email: string
  readonly consents?: Record<string, { value: string }>
}
