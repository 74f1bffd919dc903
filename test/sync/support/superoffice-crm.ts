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
 * SuperOffice's stand-in, seen from inside, with the surface by which random lives drive a rich CRM: what its people
 * do, and when. It hooks into the stand-in between a request's arrival and its work, so that races are exact.
 */
export class SuperOfficeCrm {
  readonly switches: Switches & { countEqualWrites: boolean }
  /** Somebody acts on the very person whom we write, right before our next write, or after it. */
  race: { readonly when: 'before' | 'after'; readonly act: (personId: string) => void } | null =
    null
  /** Persons with a write of ours under way, and what it does when it arrives. */
  private readonly held: { readonly personId: string; readonly arrive: Act }[] = []
  private written = ''
  private note = 0
  private afterPut = false
  private due: { requests: number; readonly act: Act } | null = null
  private nextRegistered = Date.UTC(2020, 0, 1) / 1000

  /** Whether some clients stamp consents when they save a card, as the world was begun. */
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

  /** As the random lives take it. */
  asToy(): ToyCrm {
    return this as unknown as ToyCrm
  }

  /** Somebody acts when that many requests of ours from now on have come in. */
  atRequest(requests: number, act: Act): void {
    this.due = { requests, act }
  }

  /** A further person; each is younger than the one before. */
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
   * A CRM user sets a basis, with a word of theirs: where an equal write is skipped, an act that changes nothing at all
   * leaves no trace, and nobody could know of it.
   */
  set(personId: string, purpose: Purpose, value: LegalBasis): void {
    this.note += 1
    const comment = `Call ${this.note}`
    this.write(personId, PURPOSES[purpose], BASES[value]!, 'USER', A_USER, comment)
  }

  /** A CRM user sets a basis that the tenant made, by its key in the list. */
  setOwn(personId: string, purpose: Purpose, key: string): void {
    this.note += 1
    this.write(personId, PURPOSES[purpose], key, 'USER', A_USER, `Call ${this.note}`)
  }

  /** The key of the row's basis, as the list spells it; null: no row. */
  key(personId: string, purpose: Purpose = 'marketingSendouts'): string | null {
    const { store } = this.world
    const purposeRow = itemByKey(this.world, 'consentpurpose', PURPOSES[purpose])
    const row = store.consent(Number(personId), purposeRow.consentPurpose_id as number)
    return (row && store.legalbase.get(row.legalBase_id)?.key) ?? null
  }

  /** A card's consent is edited, and its basis stays. */
  saveAgain(personId: string, purpose: Purpose): void {
    const key = this.key(personId, purpose)
    if (key !== null) {
      this.write(personId, PURPOSES[purpose], key, 'USER', A_USER, `Edit ${Math.random()}`)
    }
  }

  /** A card is saved, whatever that does to consents here. */
  saveCard(personId: string): void {
    savePerson(this.world, this.row(personId), { lastname: 'Changed' }, A_USER)
  }

  /** What was held arrives. */
  land(): void {
    this.held.splice(0).forEach(({ arrive }) => arrive())
  }

  /** Whose writes are under way. */
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

  /** Rises with every change of a row. */
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

  /** @returns whether the request is not to be answered. */
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
