import { act } from '../simulators/emarketeer/model/acts.js'
import {
  changeEmail,
  createContact,
  deleteContact,
} from '../simulators/emarketeer/model/lifecycle.js'
import {
  categoryKey,
  type Basis,
  type Purpose,
  type ValueKey,
} from '../simulators/emarketeer/model/values.js'
import type { Chance } from './chance.js'
import type { Ghost } from './ghost.js'
import type { Act, ActKind } from './plan.js'
import type { Answer, CrmRecord, MemoryCrm } from './systems/crm.js'
import type { MemoryEmarketeer } from './systems/emarketeer.js'

/** The category in which people answer. */
export const CATEGORY = 'c1'
const CELL = `c:${CATEGORY}`
const MARKETING = 'marketingSendouts'
const STORE = 'storeAndProcess'

/** What people do in both systems. The ghost records each act with its true time. */
export class People {
  /** Everything that was read in the CRM before this moment is known. */
  knownSinceMs = 0
  private readonly inEmarketeerSinceMs = new Map<string, number>()
  /** When a record left an address, by both. */
  private readonly leftMs = new Map<string, number>()

  constructor(
    private readonly emarketeer: MemoryEmarketeer,
    private readonly crm: MemoryCrm,
    private readonly ghost: Ghost,
    private readonly chance: Chance,
    private readonly now: () => number,
  ) {}

  /** The first address of a life, or the second one, to which a record may move. */
  static addressOf(life: number, which: 'home' | 'other' = 'home'): string {
    return `${which === 'home' ? 'p' : 'q'}${life}@example.com`
  }

  /** The life that an address belongs to. */
  static lifeOf(email: string): number {
    return Number(/^[pq](\d+)@/.exec(email)![1])
  }

  /** Creates the initial records: mostly in both systems, sometimes duplicates. */
  begin(life: number): void {
    const email = People.addressOf(life)
    const kind = this.chance.of('begins', life)
    if (kind > 0.08) {
      this.newContact(email)
      const basis = this.chance.pick(
        ['none', 'consent', 'consent', 'legitimateInterest', 'withdrawn'] as const,
        'basis',
        life,
      )
      if (basis !== 'none') {
        this.inEmarketeer(email, MARKETING, basis)
      }
    }
    if (kind < 0.92) {
      const records = this.chance.of('twice', life) < 0.12 ? 2 : 1
      for (let n = 0; n < records; n += 1) {
        this.addRecord(email, this.chance.of('denies', life, n) < 0.2)
      }
    }
  }

  /** Does an act; an answer in the CRM under our own user, if a plug-in does that. @returns a description of what happened; null: there was nobody to whom it could happen. */
  do({ id, life, kind }: Act, asUs = false): string | null {
    const email = this.placeOf(life)
    const records = this.crm.liveAt(email)
    const record = records.length === 0 ? null : this.chance.pick(records, 'record', id)
    switch (kind) {
      case 'emarketeerDeny':
        return this.inEmarketeer(email, MARKETING, 'withdrawn')
      case 'emarketeerConsent':
        return this.inEmarketeer(email, MARKETING, 'consent')
      case 'emarketeerOther':
        return this.inEmarketeer(
          email,
          MARKETING,
          this.chance.pick(['legitimateInterest', 'contract'] as const, 'other', id),
        )
      case 'emarketeerStoreDeny':
        return this.inEmarketeer(email, STORE, 'withdrawn')
      case 'emarketeerStoreAllow':
        return this.inEmarketeer(email, STORE, 'contract')
      case 'emarketeerNo':
        return this.inEmarketeer(email, CELL, false)
      case 'emarketeerYes':
        return this.inEmarketeer(email, CELL, true)
      case 'crmNew':
        return this.addRecord(email, this.chance.of('new denies', id) < 0.3)
      case 'crmReactivate':
        return this.reactivate(email)
      case 'emarketeerCreate':
        return this.emarketeer.contactsAt(email).length > 1 ? null : this.newContact(email)
      case 'emarketeerDelete':
        return this.deleteContact(email)
      case 'emarketeerMove':
        return this.moveContact(life, email)
      default:
        return record === null ? null : this.onRecord(kind, record, life, asUs)
    }
  }

  private onRecord(kind: ActKind, record: CrmRecord, life: number, asUs: boolean): string | null {
    const { crm } = this
    const email = record.email!
    switch (kind) {
      case 'crmDeny':
        return this.answer(record, MARKETING, 'deny', asUs)
      case 'crmAllow':
        return this.answer(record, MARKETING, 'consent', asUs)
      case 'crmOther':
        return this.answer(record, MARKETING, 'other')
      case 'crmStoreDeny':
        return this.answer(record, STORE, 'deny', asUs)
      case 'crmStoreAllow':
        return this.answer(record, STORE, 'other', asUs)
      case 'crmNo':
        return this.answer(record, CELL, 'deny', asUs)
      case 'crmYes':
        return this.answer(record, CELL, 'consent', asUs)
      case 'crmEdit':
        crm.edit(record)
        return `${record.id} edited`
      case 'crmDelete':
        this.lose(record)
        crm.remove(record)
        return `${record.id} deleted`
      case 'crmDeactivate':
        if (crm.capabilities.completeDelta) {
          this.leave(record)
        } else {
          // Only its absence shows it, and its values cannot be read.
          this.lose(record)
        }
        crm.deactivate(record)
        return `${record.id} deactivated`
      case 'crmMove':
        return this.moveRecord(record, life, email)
      case 'crmMerge': {
        const winner = crm.liveAt(email).find((one) => one.id !== record.id)
        if (winner === undefined) {
          return null
        }
        if (crm.capabilities.completeDelta) {
          this.leave(record)
        } else {
          this.lose(record)
        }
        crm.merge(record, winner)
        return `${record.id} merged into ${winner.id}`
      }
      default:
        return null
    }
  }

  /** Removes a record; what was denied on it since the last complete reading cannot be known. */
  private lose(record: CrmRecord): void {
    this.ghost.lose(record.id, this.knownSinceMs)
    const row = this.crm.answerId(record, CELL)
    if (row !== null) {
      this.ghost.lose(row, 0)
    }
    this.leave(record)
  }

  private leave(record: CrmRecord): void {
    this.leftMs.set(`${record.id} ${record.email!}`, this.now())
    for (const id of this.answersOf(record)) {
      this.ghost.leave(id, this.now())
      if (!this.isKnown(record.email!)) {
        this.ghost.loseAt(id, record.email!)
      }
    }
  }

  private answersOf(record: CrmRecord): string[] {
    return [record.id, this.crm.answerId(record, CELL)].filter((id) => id !== null)
  }

  /** Whether eMarketeer has or had the address, and a sweep has read that. */
  private isKnown(email: string): boolean {
    return (this.inEmarketeerSinceMs.get(email) ?? Infinity) < this.knownSinceMs
  }

  private answer(record: CrmRecord, cell: string, answer: Answer, asUs = false): string | null {
    if (!this.crm.say(record, cell, answer, asUs)) {
      return null
    }
    const id = this.crm.answerId(record, cell)
    const isToggle = this.crm.capabilities.values === 'toggle'
    // A toggle's Allow is taken for consent, whatever the user meant (B5). A basis under our user was set by nobody.
    const consents =
      cell === MARKETING && (isToggle ? answer !== 'deny' : answer === 'consent' && !asUs)
    this.note(record.email!, cell, 'crm', id, answer === 'deny', consents)
    return `${id} ${cell} ${answer}`
  }

  private addRecord(email: string, denies: boolean): string {
    const record = this.crm.add(email, denies)
    this.come(record, email)
    if (denies) {
      this.note(email, MARKETING, 'crm', record.id, true, false)
    }
    return `${record.id} new at ${email}, ${denies ? 'denies' : 'allows'}`
  }

  private reactivate(email: string): string | null {
    const record = this.crm.reactivateAt(email)
    return record && `${record.id} live again`
  }

  /**
   * The person's denies move along, with the time at which they were said. An answer that nobody has read exists only
   * at the new address.
   */
  private moveRecord(record: CrmRecord, life: number, from: string): string {
    const to = People.addressOf(life, from.startsWith('p') ? 'other' : 'home')
    this.answersOf(record).forEach((id) => this.ghost.lose(id, this.knownSinceMs))
    this.leave(record)
    this.crm.move(record, to)
    this.come(record, to)
    for (const cell of [MARKETING, STORE]) {
      if (this.isDenied(record, cell)) {
        // Where nobody said it on the record, the product wrote there what was said in eMarketeer.
        const saidMs =
          this.ghost.saidNoMs(record.id, cell) ?? this.ghost.saidNoAtMs(from, cell) ?? this.now()
        this.note(to, cell, 'crm', record.id, true, false, saidMs)
      }
    }
    return `${record.id} moves to ${to}`
  }

  /** Whether somebody denied on the record and it shows that: a user, or a plug-in under our user. */
  private isDenied(record: CrmRecord, cell: string): boolean {
    const value = this.crm.value(record, cell)
    return (
      this.crm.wasDenied(record, cell) ||
      ((value === 'deny' || value === 'withdrawn') && this.ghost.deniedLast(record.id, cell))
    )
  }

  /** An answer that was given on a record between its leaving and its return looks as if it was given here. */
  private come(record: CrmRecord, email: string): void {
    const leftMs = this.leftMs.get(`${record.id} ${email}`)
    const wasUnseen = leftMs !== undefined && leftMs >= this.knownSinceMs
    for (const id of this.answersOf(record)) {
      const provesByTime = id === record.id && this.crm.capabilities.fieldHistory
      this.ghost.come(id, email, this.now(), provesByTime || wasUnseen)
    }
  }

  private newContact(email: string): string {
    const contact = createContact(
      this.emarketeer.account,
      email,
      {},
      { source: 'api', actor: null },
    )
    this.met(email)
    return `contact ${contact.id} new at ${email}`
  }

  private met(email: string): void {
    this.inEmarketeerSinceMs.set(email, this.inEmarketeerSinceMs.get(email) ?? this.now())
  }

  private deleteContact(email: string): string | null {
    const contact = this.emarketeer.contactsAt(email).at(-1)
    if (contact === undefined) {
      return null
    }
    deleteContact(this.emarketeer.account, contact, { source: 'addedByUser', actor: null })
    if (this.emarketeer.contactsAt(email).length === 0) {
      // For an address without contacts, eMarketeer keeps only withdrawals.
      this.ghost
        .acts(email, CELL)
        .filter((one) => one.side === 'emarketeer')
        .forEach((one) => (one.lost = true))
    }
    return `contact ${contact.id} deleted`
  }

  /** eMarketeer copies a withdrawal with its old time, so the person said it when it was said at the old address. */
  private moveContact(life: number, from: string): string | null {
    const contact = this.emarketeer.contactsAt(from).at(-1)
    if (contact === undefined) {
      return null
    }
    const to = People.addressOf(life, from.startsWith('p') ? 'other' : 'home')
    this.met(to)
    const cells = [MARKETING, STORE, CELL]
    const before = cells.map((cell) => this.emarketeer.value(to, cell))
    const saidMs = cells.map((cell) => this.ghost.saidNoAtMs(from, cell))
    changeEmail(this.emarketeer.account, contact, to, { source: 'addedByUser', actor: null })
    cells.forEach((cell, at) => {
      const after = this.emarketeer.value(to, cell)
      if (after !== before[at] && (after === 'withdrawn' || after === 'false')) {
        this.note(to, cell, 'emarketeer', null, true, false, saidMs[at] ?? this.now())
      }
    })
    return `contact ${contact.id} moves to ${to}`
  }

  private inEmarketeer(email: string, cell: string, value: Basis | boolean): string | null {
    const address = this.emarketeer.account.contacts.address(email)
    if (address === undefined || address.contactIds.length === 0) {
      return null
    }
    const key: ValueKey = cell === CELL ? categoryKey(CATEGORY) : (cell as Purpose)
    const change = act(this.emarketeer.account, address, {
      key,
      value,
      source: value === 'withdrawn' ? 'unsubscribePage' : 'webForm',
      actor: { type: 'dataSubject', id: null, name: null },
      eventTimeMs: this.emarketeer.now(),
    })
    if (change === null) {
      return null
    }
    const denies = value === 'withdrawn' || value === false
    this.note(email, cell, 'emarketeer', null, denies, value === 'consent')
    return `${email} ${cell} ${String(value)}`
  }

  /** Where a life's act happens: sometimes at its second address, if there is anybody. */
  private placeOf(life: number): string {
    const other = People.addressOf(life, 'other')
    const isThere = this.crm.liveAt(other).length + this.emarketeer.contactsAt(other).length > 0
    return isThere && this.chance.of('place', life, this.now()) < 0.5
      ? other
      : People.addressOf(life)
  }

  private note(
    email: string,
    cell: string,
    side: 'emarketeer' | 'crm',
    recordId: string | null,
    denies: boolean,
    consents: boolean,
    saidMs = this.now(),
  ): void {
    const kind = denies ? 'deny' : 'allow'
    this.ghost.add({ atMs: this.now(), email, cell, side, recordId, kind, consents }, saidMs)
  }
}
