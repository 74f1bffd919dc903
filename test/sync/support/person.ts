import { randomUUID } from 'node:crypto'
import { putHints } from '../../../src/ledger/run/inbox.js'
import { CONNECTION_ID } from './open-systems.js'
import { eventsOf, stateOf, type PersonEvent, type PersonState } from './person-state.js'
import type { World } from './world.js'

/** A legal basis by eMarketeer's name. */
export type Basis = 'consent' | 'legitimateInterest' | 'contract' | 'withdrawn' | 'none'
/** Dynamics' toggle. */
export type Toggle = 'allow' | 'deny'

/** A new person's initial state. */
export interface NewPerson {
  /** Default: an address that nobody else has. */
  readonly email?: string
  /** Dynamics' spelling; default: the same. */
  readonly crmEmail?: string
  /** The basis for marketing sendouts in eMarketeer; null: no contact. Default `consent`. */
  readonly basis?: Basis | null
  /** In Dynamics, a record for each toggle. Default: one record that allows. */
  readonly toggles?: readonly Toggle[]
  readonly mobile?: string
}

/** A person, with the acts that can happen in either system. */
export interface Person {
  readonly email: string
  /** eMarketeer's contact id; empty if there is none. */
  readonly contactId: string
  /** Dynamics' contact ids, oldest first. */
  readonly crmIds: readonly string[]
  /** "Unsubscribe from all future sendouts". */
  unsubscribe(): Promise<void>
  /** A decision in eMarketeer, by web form unless a user makes it. */
  consents(basis: Basis, more?: Record<string, unknown>): Promise<void>
  /** Changes a subscription in a form of eMarketeer. */
  subscribes(categoryId: string, subscribed: boolean): Promise<void>
  changesEmailInEmarketeer(email: string | null): Promise<void>
  deletedInEmarketeer(): Promise<void>
  /** A CRM user sets the toggle of a record. */
  flip(toggle: Toggle, as?: string, record?: number): Promise<void>
  /** A CRM user switches a subscription of a record. */
  flipSubscription(categoryId: string, subscribed: boolean, record?: number): Promise<void>
  /** A CRM user changes other columns of a record. */
  edit(values: Record<string, unknown>, record?: number): Promise<void>
  deactivated(record?: number): Promise<void>
  deletedInCrm(record?: number): Promise<void>
  /** Merges one record into another. */
  merge(master: number, loser: number): Promise<void>
  /** Adds a record at the same address. */
  anotherRecord(toggle: Toggle): Promise<void>
  /** Puts the hint of a Dynamics webhook into the inbox. */
  webhook(saysDeny: boolean, userId?: string | null, of?: WebhookRecord): Promise<void>
  /** The state of both systems and of our ledger. */
  state(): Promise<PersonState>
  /** Consent events of all cells, oldest first. */
  events(): Promise<PersonEvent[]>
}

/**
 * The record that an event concerns, by its number, or by an id that is not known yet, and the addresses that the event
 * names.
 */
export interface WebhookRecord {
  readonly record?: number
  readonly contactId?: string
  readonly addresses?: readonly string[]
}

/** The stand-in's id of a named CRM user, for the evidence. */
export async function crmUserId(world: World, name: string): Promise<string> {
  const { rows } = await world.standIns.dynamics<{ rows: Record<string, string>[] }>(
    'GET',
    'rows/systemuser',
  )
  const user = rows.find((row) => row['fullname'] === name)
  return user!['id']!
}

let nextNumber = 1

/** Creates a person in both systems. */
export async function makePerson(world: World, given: NewPerson): Promise<Person> {
  const email = given.email ?? `person${nextNumber++}@example.com`
  const person = new SimulatedPerson(world, email, given.crmEmail ?? email)
  if (given.basis !== null) {
    await person.createInEmarketeer(given.mobile)
    if ((given.basis ?? 'consent') !== 'none') {
      await person.consents(given.basis ?? 'consent')
    }
  }
  for (const toggle of given.toggles ?? ['allow']) {
    await person.anotherRecord(toggle)
  }
  return person
}

class SimulatedPerson implements Person {
  contactId = ''
  readonly crmIds: string[] = []

  constructor(
    private readonly world: World,
    public email: string,
    private readonly crmEmail: string,
  ) {}

  async createInEmarketeer(mobile?: string): Promise<void> {
    const made = await this.emarketeer<{ contactId: string }>('contacts', {
      email: this.email,
      ...(mobile === undefined ? {} : { mobile }),
    })
    this.contactId = made.contactId
  }

  unsubscribe(): Promise<void> {
    return this.act({ kind: 'unsubscribeAll' })
  }

  consents(basis: Basis, more: Record<string, unknown> = {}): Promise<void> {
    return this.act({ kind: 'consent', purpose: 'marketingSendouts', legalBasis: basis, ...more })
  }

  subscribes(categoryId: string, subscribed: boolean): Promise<void> {
    return this.act({ kind: 'subscription', categoryId, subscribed })
  }

  async changesEmailInEmarketeer(email: string | null): Promise<void> {
    await this.emarketeer('change-email', { contactId: this.contactId, email })
  }

  async deletedInEmarketeer(): Promise<void> {
    await this.emarketeer('delete-contacts', { contactIds: [this.contactId] })
  }

  flip(toggle: Toggle, as = 'Sales Rep', record = 0): Promise<void> {
    return this.patch({ donotbulkemail: toggle === 'deny' }, record, as)
  }

  async flipSubscription(categoryId: string, subscribed: boolean, record = 0): Promise<void> {
    const contactId = this.crmIds[record]
    const body = { as: 'Sales Rep', contactId, categoryId, subscribed }
    await this.world.standIns.dynamics('POST', 'subscriptions/flip', body)
  }

  edit(values: Record<string, unknown>, record = 0): Promise<void> {
    return this.patch(values, record)
  }

  deactivated(record = 0): Promise<void> {
    return this.patch({ statecode: 1, statuscode: 2 }, record)
  }

  async deletedInCrm(record = 0): Promise<void> {
    await this.world.standIns.dynamics('DELETE', `rows/contact/${this.crmIds[record]}`)
  }

  async merge(master: number, loser: number): Promise<void> {
    await this.world.standIns.dynamics('POST', 'merge', {
      as: 'Sales Rep',
      master: this.crmIds[master],
      loser: this.crmIds[loser],
      values: {},
    })
  }

  async anotherRecord(toggle: Toggle): Promise<void> {
    const { id } = await this.world.standIns.dynamics<{ id: string }>('POST', 'rows/contact', {
      as: 'Sales Rep',
      values: {
        lastname: 'Canary',
        emailaddress1: this.crmEmail,
        donotbulkemail: toggle === 'deny',
      },
    })
    this.crmIds.push(id)
  }

  async webhook(
    saysDeny: boolean,
    userId: string | null = null,
    { record = 0, contactId: given, addresses = [] }: WebhookRecord = {},
  ): Promise<void> {
    const contactId = given ?? this.crmIds[record]!
    await putHints(this.world.db, CONNECTION_ID, [
      {
        source: 'crm',
        shard: 0,
        entity: 'contact',
        entityId: contactId,
        crmContactId: contactId,
        actorUserId: userId,
        saysDeny,
        addresses,
        eventId: randomUUID(),
      },
    ])
  }

  state(): Promise<PersonState> {
    return stateOf(this.world, this.email)
  }

  events(): Promise<PersonEvent[]> {
    return eventsOf(this.world, this.email)
  }

  private async act(act: Record<string, unknown>): Promise<void> {
    const who = this.contactId === '' ? { email: this.email } : { contactId: this.contactId }
    await this.emarketeer('acts', { acts: [{ ...act, ...who }] })
  }

  private emarketeer<T>(path: string, body: unknown): Promise<T> {
    return this.world.standIns.emarketeer.post<T>(`accounts/1001/${path}`, body)
  }

  private async patch(
    values: Record<string, unknown>,
    record: number,
    as = 'Sales Rep',
  ): Promise<void> {
    const path = `rows/contact/${this.crmIds[record]}`
    await this.world.standIns.dynamics('PATCH', path, { as, values })
  }
}
