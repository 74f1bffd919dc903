import type {
  CrmCapabilities,
  CrmChangePage,
  CrmClient,
  CrmConsent,
  CrmContact,
  CrmReading,
  CrmWrite,
  CrmWriteOutcome,
} from '../../src/crm/crm.js'
import { CrmCursorExpired } from '../../src/crm/crm.js'
import type { LegalBasis, Purpose } from '../../src/domain/legal-basis.js'
import {
  missingOf,
  sinceOf,
  type Answer,
  type CrmChange,
  type CrmRecord,
  type MemoryCrm,
} from './crm.js'
import type { OwnWrite } from './emarketeer.js'
import type { Wire } from './wire.js'
import { ByAddress } from './by-address.js'

/** A person's row for one purpose. */
interface ConsentRow {
  value: LegalBasis
  /** Increases by 1 with each write. */
  updatedCount: number
  readonly registeredMs: number
  updatedMs: number | null
  by: 'us' | 'user'
  /** Who changed the value last. */
  chosenBy: 'us' | 'user'
  /** The value that we wrote last; null: none. */
  written: LegalBasis | null
  /** All values that we have written. */
  readonly everWritten: Set<LegalBasis>
}

interface Person extends CrmRecord {
  email: string | null
  state: 'live' | 'retired' | 'gone'
  readonly registeredMs: number
  readonly rows: Map<Purpose, ConsentRow>
  changed: number
}

/** How an installation behaves. */
export interface SuperOfficeHabits {
  /** A write of the current value counts as well. */
  readonly countsEqualWrites: boolean
  /** Saving a card writes its consents. */
  readonly savesConsents: boolean
}

const PURPOSES: readonly Purpose[] = ['storeAndProcess', 'marketingSendouts']
const BASIS: Readonly<Record<Answer, LegalBasis>> = {
  deny: 'withdrawn',
  consent: 'consent',
  other: 'legitimateInterest',
}
const FIRST_VERSION = 1

/**
 * SuperOffice in memory, as docs/wire-superoffice.md describes it: it refuses nothing, and its changes report only
 * consents.
 */
export class MemorySuperOffice implements MemoryCrm {
  readonly name = 'superoffice-online'
  readonly source = 'crmSuperOffice'
  readonly capabilities: CrmCapabilities = {
    values: 'rich',
    refusesStaleWrites: false,
    purposes: PURPOSES,
    subscriptions: false,
    completeDelta: false,
    fieldHistory: false,
    directReadContactsPerRequest: 90,
  }
  readonly writes: OwnWrite[] = []
  onChange: (change: CrmChange) => void = () => undefined
  onWrite: (write: OwnWrite) => void = () => undefined
  private readonly persons = new Map<string, Person>()
  private readonly byAddress = new ByAddress<Person>()
  private counter = 0
  private generation = 0

  constructor(
    private readonly now: () => number,
    private readonly skewMs: number,
    private readonly habits: SuperOfficeHabits,
  ) {}

  expireCursors(): void {
    this.generation += 1
  }

  forgetWrites(): void {
    for (const row of [...this.persons.values()].flatMap(({ rows }) => [...rows.values()])) {
      row.chosenBy = row.everWritten.has(row.value) ? 'us' : row.chosenBy
    }
  }

  liveAt(email: string): readonly Person[] {
    return this.byAddress.at(email).filter(({ state }) => state === 'live')
  }

  add(email: string, denies: boolean): Person {
    const person: Person = {
      id: String(this.persons.size + 1),
      email,
      state: 'live',
      registeredMs: this.clock() + this.persons.size,
      rows: new Map(),
      changed: (this.counter += 1),
    }
    this.persons.set(person.id, person)
    this.byAddress.add(person)
    if (denies) {
      this.set(person, 'marketingSendouts', 'withdrawn', 'user')
    }
    return person
  }

  value(record: CrmRecord, cell: string): string | null {
    return this.of(record).rows.get(cell as Purpose)?.value ?? null
  }

  answerId(record: CrmRecord, cell: string): string | null {
    return PURPOSES.includes(cell as Purpose) ? record.id : null
  }

  say(record: CrmRecord, cell: string, answer: Answer, asUs: boolean): boolean {
    const before = this.value(record, cell)
    if (!PURPOSES.includes(cell as Purpose) || before === BASIS[answer]) {
      return false
    }
    this.set(this.of(record), cell as Purpose, BASIS[answer], asUs ? 'us' : 'user')
    return true
  }

  wasDenied(record: CrmRecord, cell: string): boolean {
    const row = this.of(record).rows.get(cell as Purpose)
    return row?.value === 'withdrawn' && row.by === 'user'
  }

  wasChosen(record: CrmRecord, cell: string): boolean {
    return this.of(record).rows.get(cell as Purpose)?.chosenBy === 'user'
  }

  edit(record: CrmRecord): void {
    if (this.habits.savesConsents) {
      const person = this.of(record)
      person.rows.forEach((row, purpose) => this.set(person, purpose, row.value, 'user'))
    }
  }

  remove(record: CrmRecord): void {
    this.of(record).state = 'gone'
  }

  /** Moves a record to the bin, from which it may return. */
  deactivate(record: CrmRecord): void {
    this.of(record).state = 'retired'
  }

  reactivateAt(email: string): CrmRecord | null {
    const person = this.byAddress.at(email).find(({ state }) => state === 'retired') ?? null
    if (person !== null) {
      person.state = 'live'
    }
    return person
  }

  move(record: CrmRecord, to: string): void {
    const person = this.of(record)
    const { email } = person
    person.email = to
    this.byAddress.moved(person, email)
  }

  merge(loser: CrmRecord): void {
    this.remove(loser)
  }

  client(wire: Wire): CrmClient {
    const refuse = () => Promise.reject(new Error('not simulated'))
    return {
      firstVersion: FIRST_VERSION,
      countsWrites: !this.habits.savesConsents,
      times: 'auto',
      check: (context) => wire.read(context, 'check', () => undefined),
      read: (request, context) => wire.read(context, 'persons.read', () => this.read(request)),
      readChanges: (cursor, context) => this.readChanges(wire, cursor, context),
      write: (writes, context) => this.write(wire, writes, context),
      readFieldHistory: () => Promise.resolve([]),
      syncCategories: () => Promise.resolve({ created: 0, updated: 0, foreign: [] }),
      installWebhooks: refuse,
      removeWebhooks: refuse,
    }
  }

  private of(record: CrmRecord): Person {
    return this.persons.get(record.id)!
  }

  /** Time in whole seconds. */
  private clock(): number {
    return Math.floor((this.now() + this.skewMs) / 1000) * 1000
  }

  private set(person: Person, purpose: Purpose, value: LegalBasis, by: ConsentRow['by']): void {
    const row = person.rows.get(purpose)
    if (row === undefined) {
      const registeredMs = this.clock()
      person.rows.set(purpose, {
        value,
        updatedCount: FIRST_VERSION,
        registeredMs,
        updatedMs: null,
        by,
        chosenBy: by,
        written: by === 'us' ? value : null,
        everWritten: new Set(by === 'us' ? [value] : []),
      })
    } else if (row.value !== value || by === 'user' || this.habits.countsEqualWrites) {
      if (row.value !== value) {
        // Between two readings, a basis of ours that a user changed and changed back looks like a saved card (Limits).
        row.chosenBy = value === row.written ? 'us' : by
      }
      if (by === 'us') {
        row.written = value
        row.everWritten.add(value)
      }
      row.value = value
      row.updatedCount += 1
      row.updatedMs = this.clock()
      row.by = by
    } else {
      return
    }
    person.changed = this.counter += 1
    const { id } = person
    const denies = value === 'withdrawn'
    const byUs = by === 'us'
    this.onChange({ entity: 'contact', id, contactId: id, byUs, denies, addresses: [] })
  }

  private read(request: Parameters<CrmClient['read']>[0]): CrmReading {
    const named =
      request.by === 'email'
        ? request.emails.flatMap((email) => this.byAddress.at(email))
        : request.contactIds.flatMap((id) => this.persons.get(id) ?? [])
    const found = [...new Set(named)]
      .filter(({ state }) => state === 'live')
      .sort((a, b) => Number(a.id) - Number(b.id))
    const ids = new Set(found.map(({ id }) => id))
    return {
      contacts: found.map((person) => this.contact(person)),
      subscriptions: [],
      missingContactIds: missingOf(request, ids),
    }
  }

  private async *readChanges(
    wire: Wire,
    cursor: string | null,
    context: Parameters<CrmClient['readChanges']>[1],
  ): AsyncGenerator<CrmChangePage> {
    const [generation, since] = sinceOf(cursor, this.generation)
    if (generation !== this.generation) {
      throw new CrmCursorExpired('that cursor is not known')
    }
    const page = await wire.read(context, 'delta.read', () => {
      const changed = [...this.persons.values()].filter((one) => one.changed > since)
      return {
        contacts: changed.filter(({ state }) => state === 'live').map((one) => this.contact(one)),
        deletedContactIds: changed.filter(({ state }) => state !== 'live').map(({ id }) => id),
        to: this.counter,
      }
    })
    yield {
      contacts: page.contacts,
      subscriptions: [],
      deletedContactIds: cursor === null ? [] : page.deletedContactIds,
      deletedSubscriptionRowIds: [],
      baseline: cursor === null,
      nextCursor: `${this.generation}-${page.to}`,
      futureStamps: { count: 0, records: [] },
    }
  }

  /** Values of one call are written at one moment, and read back at a later one. */
  private async write(
    wire: Wire,
    writes: readonly CrmWrite[],
    context: Parameters<CrmClient['write']>[1],
  ): Promise<readonly CrmWriteOutcome[]> {
    if (writes.length === 0) {
      return []
    }
    const sentAtMs = Date.now()
    const ids = writes.flatMap((write) => (write.kind === 'consent' ? [write.contactId] : []))
    const about = {
      addresses: ids.flatMap((id) => this.persons.get(id)?.email ?? []),
      permits: writes.some((write) => write.kind === 'consent' && write.value !== 'withdrawn'),
    }
    const end = await wire.write(context, 'consents.put', about, (half) => {
      const done = half ? writes.slice(0, Math.ceil(writes.length / 2)) : writes
      return done.map((write) => this.apply(write))
    })
    const sent = writes.length === 1 ? { sentAtMs, answeredAtMs: Date.now() } : null
    const back = await wire
      .read(context, 'consents.readBack', () => new Map(ids.map((id) => [id, this.consents(id)])))
      .catch(() => null)
    return writes.map((write, at): CrmWriteOutcome => {
      if (write.kind !== 'consent') {
        return { status: 'refused', upstreamCode: null }
      }
      const readBack = back?.get(write.contactId)?.[write.purpose]
      const told = readBack === undefined ? {} : { readBack }
      const applied = {
        status: 'applied',
        version: readBack?.version ?? null,
        rowId: null,
        ...told,
        ...(sent && readBack !== undefined && !('error' in end) ? { sent } : {}),
      } as const
      if ('error' in end) {
        if (!end.error.mayHaveBeenApplied) {
          return { status: 'notSent', error: end.error }
        }
        const isOurs =
          readBack?.value === write.value &&
          readBack.lastWriter === 'us' &&
          readBack.version !== write.expectedVersion
        return isOurs ? applied : { status: 'unknown', error: end.error }
      }
      const status = end.answer[at]
      if (status === undefined) {
        return { status: 'notSent', error: new Error('the others were not sent') }
      }
      return status === 'gone' ? { status } : applied
    })
  }

  private apply(write: CrmWrite): 'done' | 'gone' {
    const person = write.kind === 'consent' ? this.persons.get(write.contactId) : undefined
    if (write.kind !== 'consent' || person === undefined || person.state === 'gone') {
      return 'gone'
    }
    const before = person.rows.get(write.purpose)
    const value = write.value as LegalBasis
    if (before?.value !== value) {
      const { id: recordId, email } = person
      const cell = write.purpose
      const done = { atMs: this.now(), side: 'crm', email, recordId, cell, value } as const
      this.writes.push(done)
      this.onWrite(done)
    }
    this.set(person, write.purpose, value, 'us')
    return 'done'
  }

  private consents(id: string): Partial<Record<Purpose, CrmConsent>> {
    const person = this.persons.get(id)
    return person === undefined ? {} : this.contact(person).consents
  }

  private contact(person: Person): CrmContact {
    return {
      contactId: person.id,
      email: person.email,
      otherEmails: [],
      denyOnlyEmails: [],
      state: 'live',
      mergedInto: null,
      registeredAtMs: person.registeredMs,
      consents: Object.fromEntries(
        PURPOSES.map((purpose) => [purpose, consentOf(person.rows.get(purpose))]),
      ),
    }
  }
}

function consentOf(row: ConsentRow | undefined): CrmConsent {
  return row === undefined
    ? { value: 'none', version: 'none', lastWriter: 'default' }
    : {
        value: row.value,
        version: String(row.updatedCount),
        lastWriter: row.by,
        times: {
          registeredMs: row.registeredMs,
          updatedMs: row.updatedMs,
          onlyInserted: row.updatedMs === null,
        },
      }
}
