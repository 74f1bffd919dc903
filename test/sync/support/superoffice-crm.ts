import { itemByKey } from '../../../simulators/superoffice/control/lookup.js'
import type { Installation } from '../../../simulators/superoffice/installation.js'
import { writeConsent } from '../../../simulators/superoffice/model/consents.js'
import { YEAR_ONE } from '../../../simulators/superoffice/model/dates.js'
import {
  addPerson,
  mergePersons,
  replaceEmails,
  savePerson,
} from '../../../simulators/superoffice/model/persons.js'
import type { PersonRow } from '../../../simulators/superoffice/model/rows.js'
import type { LegalBasis, Purpose } from '../../../src/domain/legal-basis.js'
import type { ToyCrm } from '../../third-crm/toy-crm.js'

const US = 316
const A_USER = 12
const PURPOSES: Readonly<Record<Purpose, string>> = {
  marketingSendouts: 'EMARKETING',
  storeAndProcess: 'STORE',
}
const BASES: Readonly<Partial<Record<LegalBasis, string>>> = {
  consent: '61A',
  contract: '61B',
  legitimateInterest: '61F',
  withdrawn: 'WITHDRAWN',
}
const VALUES = new Map(Object.entries(BASES).map(([value, key]) => [key, value as LegalBasis]))
const CONSENT_PUT = /\/Person\/(\d+)\/Consent\/(\w+)$/

type Act = () => void
type Switches = Pick<ToyCrm['switches'], 'holdWrites' | 'beforeWrite' | 'afterWrite'>

/**
 * SuperOffice's stand-in from inside, with the interface by which random lives drive a rich CRM: the acts of its
 * people, and when they happen. It hooks into the stand-in between a request's arrival and its execution, so that races
 * are exact.
 */
export class SuperOfficeCrm {
  readonly switches: Switches & { countEqualWrites: boolean }
  /** An act on the person whom we write, immediately before our next write or after it. */
  race: { readonly when: 'before' | 'after'; readonly act: (personId: string) => void } | null =
    null
  /** The persons to whom a write of ours is in progress, and the effect of its arrival. */
  private readonly held: { readonly personId: string; readonly arrive: Act }[] = []
  private written = ''
  private note = 0
  private afterPut = false
  private due: { requests: number; readonly act: Act } | null = null
  private nextRegistered = Date.UTC(2020, 0, 1) / 1000

  /** Whether some clients stamp consents when they save a card. Set when the world is created. */
  readonly touchesConsents: boolean

  constructor(readonly world: Installation) {
    const set = world.switches
    this.touchesConsents = set.saveTouchesConsent
    this.switches = {
      holdWrites: false,
      beforeWrite: null,
      afterWrite: null,
      get countEqualWrites() {
        return set.equalWrite === 'counted'
      },
      set countEqualWrites(counted) {
        set.equalWrite = counted ? 'counted' : 'skipped'
      },
    }
    const pick = world.faults.pick.bind(world.faults)
    world.faults.pick = (request, scope) => {
      this.countDown()
      return this.onRequest(request.method, decodeURIComponent(request.path), request.rawQuery)
        ? { reset: true }
        : pick(request, scope)
    }
  }

  /** In the type that the random lives take. */
  asToy(): ToyCrm {
    return this as unknown as ToyCrm
  }

  /** An act happens after that many further requests of ours. */
  atRequest(requests: number, act: Act): void {
    this.due = { requests, act }
  }

  /** Adds a person; each is younger than the previous one. */
  add(emails: readonly string[], rows: Partial<Record<Purpose, LegalBasis>> = {}): { id: string } {
    this.nextRegistered += 60
    const person = addPerson(this.world, {
      firstName: 'A',
      lastName: 'Person',
      emails: emails.map((address) => ({ address })),
      registered: this.nextRegistered,
      retired: false,
      associateId: A_USER,
    })
    const id = String(person.person_id)
    for (const [purpose, value] of Object.entries(rows) as [Purpose, LegalBasis][]) {
      this.set(id, purpose, value)
    }
    return { id }
  }

  /**
   * A CRM user sets a basis, with a comment. Where an equal write is skipped, an act that changes nothing at all would
   * leave no trace, and nobody could know of it.
   */
  set(personId: string, purpose: Purpose, value: LegalBasis): void {
    this.note += 1
    const comment = `Call ${this.note}`
    this.write(personId, PURPOSES[purpose], BASES[value]!, 'USER', A_USER, comment)
  }

  /** A CRM user sets a basis that the tenant defined, by its key in the list. */
  setOwn(personId: string, purpose: Purpose, key: string): void {
    this.note += 1
    this.write(personId, PURPOSES[purpose], key, 'USER', A_USER, `Call ${this.note}`)
  }

  /** The key of the row's basis in the list's spelling; null: no row. */
  key(personId: string, purpose: Purpose = 'marketingSendouts'): string | null {
    const { store } = this.world
    const purposeRow = itemByKey(this.world, 'consentpurpose', PURPOSES[purpose])
    const row = store.consent(Number(personId), purposeRow.consentPurpose_id as number)
    return (row && store.legalbase.get(row.legalBase_id)?.key) ?? null
  }

  /** A card's consent is edited without a change of its basis. */
  saveAgain(personId: string, purpose: Purpose): void {
    const key = this.key(personId, purpose)
    if (key !== null) {
      this.write(personId, PURPOSES[purpose], key, 'USER', A_USER, `Edit ${Math.random()}`)
    }
  }

  /** A card is saved, with whatever effect that has on consents in this world. */
  saveCard(personId: string): void {
    savePerson(this.world, this.row(personId), { lastname: 'Changed' }, A_USER)
  }

  /** Held writes arrive. */
  land(): void {
    this.held.splice(0).forEach(({ arrive }) => arrive())
  }

  /** The persons to whom a write is in progress. */
  heldPersons(): readonly string[] {
    return this.held.map(({ personId }) => personId)
  }

  merge(loser: string, survivor: string): void {
    mergePersons(this.world, this.row(loser), this.row(survivor), A_USER)
  }

  value(personId: string, purpose: Purpose = 'marketingSendouts'): LegalBasis {
    const key = this.key(personId, purpose)
    return (key !== null && VALUES.get(key)) || 'none'
  }

  /** Persons by id. `deleted` is the bin; setting the addresses replaces all. */
  readonly persons = {
    get: (id: string) => {
      const { world } = this
      const find = () => world.store.person.get(Number(id))
      return {
        get deleted() {
          const row = find()
          return row === undefined || row.DeletedDate !== YEAR_ONE
        },
        set deleted(gone: boolean) {
          const DeletedDate = gone ? world.nowSeconds() : YEAR_ONE
          savePerson(world, find()!, { DeletedDate }, A_USER)
        },
        get emails() {
          return world.store.emails(Number(id)).map((row) => row.email_address)
        },
        set emails(addresses: readonly string[]) {
          replaceEmails(
            world,
            find()!,
            addresses.map((address) => ({ address })),
          )
        },
      }
    },
  }

  /** Increases with every change of a row. */
  get sequence(): number {
    return this.world.writes.list().length
  }

  get requests(): { readonly write: number } {
    return { write: this.world.writes.list().filter(({ via }) => via !== 'control').length }
  }

  private countDown(): void {
    if (this.due !== null && (this.due.requests -= 1) < 0) {
      const { act } = this.due
      this.due = null
      act()
    }
  }

  /** @returns whether the request gets no answer. */
  private onRequest(method: string, path: string, query: string): boolean {
    const [, personId = '', purpose = ''] = CONSENT_PUT.exec(path) ?? []
    const upsert = path.endsWith('/Upsert')
    if (method !== 'PUT' && !upsert) {
      const { afterWrite } = this.switches
      if (this.afterPut) {
        this.afterPut = false
        this.switches.afterWrite = null
        afterWrite?.()
        this.runRace('after', this.written)
      }
      return false
    }
    if (this.switches.holdWrites) {
      const basis = new URLSearchParams(query).get('legalBase') ?? ''
      if (!upsert) {
        const arrive = () => this.write(personId, purpose, basis, 'EMARKETEER', US)
        this.held.push({ personId, arrive })
      }
      return true
    }
    const { beforeWrite } = this.switches
    this.switches.beforeWrite = null
    this.afterPut = true
    beforeWrite?.()
    if (!upsert) {
      this.written = personId
      this.runRace('before', personId)
    }
    return false
  }

  private runRace(when: 'before' | 'after', personId: string): void {
    const { race } = this
    if (race?.when === when && personId !== '') {
      this.race = null
      race.act(personId)
    }
  }

  private write(
    personId: string,
    purpose: string,
    basis: string,
    source: string,
    associateId: number,
    comment = '',
  ): void {
    const { world } = this
    if (world.store.person.get(Number(personId)) === undefined) {
      return
    }
    writeConsent(world, {
      personId: Number(personId),
      purpose: itemByKey(world, 'consentpurpose', purpose),
      legalBase: itemByKey(world, 'legalbase', basis),
      source: itemByKey(world, 'consentsource', source),
      comment,
      associateId,
      via: associateId === US ? 'rest' : 'control',
    })
  }

  private row(personId: string): PersonRow {
    return this.world.store.person.get(Number(personId))!
  }
}
