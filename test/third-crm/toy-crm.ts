import type { LegalBasis, Purpose } from '../../src/domain/legal-basis.js'
import { ToyPost } from './toy-post.js'

/** Who wrote a row last. */
export type ToyWriter = 'us' | 'user' | 'default'

/** One legal basis of one person, as a row. */
export interface ToyRow {
  /** Null: something of this CRM's own that nobody else knows. */
  value: LegalBasis | null
  /** + 1 at every write. */
  updatedCount: number
  /** By this CRM's own clock. */
  registeredAtMs: number
  /** Null: it was only inserted. */
  updatedAtMs: number | null
  by: ToyWriter
}

/** A person. The first address is the primary one. */
export interface ToyPerson {
  readonly id: string
  emails: string[]
  readonly registeredAtMs: number
  deleted: boolean
  readonly rows: Map<Purpose, ToyRow>
}

/** What goes on in the CRM beside what it is asked for. */
export interface ToySwitches {
  /** How far its clock is ahead of everybody's, ms. */
  clockSkewMs: number
  /** An equal write raises the version, too. */
  countEqualWrites: boolean
  /** Writes are not answered, and land when told to. */
  holdWrites: boolean
  /** Somebody acts right before the next write of ours, after we have read. */
  beforeWrite: (() => void) | null
  /** Somebody acts right after it, before we read it back. */
  afterWrite: (() => void) | null
  /** The version of a row that was just inserted. */
  readonly firstVersion: 0 | 1
  /** What becomes of every request; null: it is answered. */
  fault: ToyFault | null
  /** The next write's answer is lost, after it was carried out or before. */
  loseAnswer: 'landed' | 'lost' | null
  /** Persons whose rows may not be written. */
  readonly refused: Set<string>
}

/** A request that is not answered as usual. */
export type ToyFault =
  | { readonly status: number; readonly retryAfterSeconds: number | null }
  /** Not answered at all. */
  | 'hangs'

/** A CRM in memory that holds legal bases itself, refuses no stale write, and tells changed rows but nobody's absence. */
export class ToyCrm {
  readonly persons = new Map<string, ToyPerson>()
  readonly switches: ToySwitches = {
    clockSkewMs: 0,
    countEqualWrites: false,
    holdWrites: false,
    beforeWrite: null,
    afterWrite: null,
    firstVersion: 1,
    fault: null,
    loseAnswer: null,
    refused: new Set(),
  }
  /** Requests that it has had, whatever became of them. */
  asked = 0
  /** Readings that it was asked for, and rows that it was asked to write. */
  readonly requests = { read: 0, changes: 0, write: 0 }
  /** Colours in which rows may be written; where there are several, somebody has to choose ours. */
  readonly colours: string[] = []
  /** Ours. */
  colour: string | null = null
  /** Whoever may write, by name; set-up enters ours. */
  readonly sources = new Set<string>()
  /** Tells changes to whoever asked for it. */
  readonly post = new ToyPost()
  /** Rises with every change of a row. */
  sequence = 0
  /** Person ids by the sequence at which one of their rows changed last. */
  readonly changedAt = new Map<string, number>()
  private held: (() => void)[] = []
  private nextId = 1
  private nextRegistered = Date.UTC(2020, 0, 1)

  nowMs(): number {
    return Date.now() + this.switches.clockSkewMs
  }

  /** A further person; each is younger than the one before. Rows are what a user set, unless by a default. */
  add(
    emails: readonly string[],
    rows: Partial<Record<Purpose, LegalBasis>> = {},
    by: ToyWriter = 'user',
  ): ToyPerson {
    const person: ToyPerson = {
      id: String(this.nextId++),
      emails: [...emails],
      registeredAtMs: (this.nextRegistered += 1000),
      deleted: false,
      rows: new Map(),
    }
    this.persons.set(person.id, person)
    for (const [purpose, value] of Object.entries(rows) as [Purpose, LegalBasis][]) {
      this.set(person.id, purpose, value, by)
    }
    return person
  }

  /** Somebody writes a row. */
  set(personId: string, purpose: Purpose, value: ToyRow['value'], by: ToyWriter = 'user'): void {
    const { rows } = this.persons.get(personId)!
    const before = rows.get(purpose)
    if (before?.value === value && by === 'us' && !this.switches.countEqualWrites) {
      return
    }
    rows.set(purpose, {
      value,
      updatedCount: before ? before.updatedCount + 1 : this.switches.firstVersion,
      registeredAtMs: before?.registeredAtMs ?? this.nowMs(),
      updatedAtMs: before ? this.nowMs() : null,
      by,
    })
    this.changedAt.set(personId, ++this.sequence)
    this.post.tell({ personId, purpose, withdrawn: value === 'withdrawn', by })
  }

  /** A card is saved again as it is: the version rises, and a user is the last writer. */
  saveAgain(personId: string, purpose: Purpose): void {
    const row = this.persons.get(personId)!.rows.get(purpose)
    if (row) {
      this.set(personId, purpose, row.value, 'user')
    }
  }

  /** Our write, now or when {@link land} is called. */
  write(work: () => void): boolean {
    if (this.switches.holdWrites) {
      this.held.push(work)
      return false
    }
    work()
    return true
  }

  /** Held writes arrive. */
  land(): void {
    const held = this.held
    this.held = []
    held.forEach((work) => work())
  }

  /** Rows go back to how they were at a copy; versions too. */
  copy(): () => void {
    const rows = [...this.persons.values()].map(
      (person) =>
        [person, [...person.rows].map(([key, row]) => [key, { ...row }] as const)] as const,
    )
    return () => {
      for (const [person, before] of rows) {
        person.rows.clear()
        before.forEach(([key, row]) => person.rows.set(key, { ...row }))
        this.changedAt.set(person.id, ++this.sequence)
      }
    }
  }

  value(personId: string, purpose: Purpose = 'marketingSendouts'): LegalBasis {
    return this.persons.get(personId)!.rows.get(purpose)?.value ?? 'none'
  }
}
