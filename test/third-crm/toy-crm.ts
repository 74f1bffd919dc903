import type { Purpose } from '../../src/domain/legal-basis.js'
import type { RichValue } from '../../src/domain/tenant-basis.js'
import { ToyPost } from './toy-post.js'

/** Who wrote a row last. */
export type ToyWriter = 'us' | 'user' | 'default'

/** One legal basis of one person, as a row. */
export interface ToyRow {
  /** Null: a value of this CRM's own that nobody else knows. */
  value: RichValue | null
  /** + 1 at every write. */
  updatedCount: number
  /** By this CRM's own clock. */
  registeredAtMs: number
  /** Null: the row was only inserted. */
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

/** Behaviour of the CRM beside the requests. */
export interface ToySwitches {
  /** How far its clock is ahead of all others, in ms. */
  clockSkewMs: number
  /** Whether an equal write also increases the version. */
  countEqualWrites: boolean
  /** Writes get no answer, and land on the test's command. */
  holdWrites: boolean
  /** An act immediately before our next write, after our reading. */
  beforeWrite: (() => void) | null
  /** An act immediately after it, before our read-back. */
  afterWrite: (() => void) | null
  /** The version of a new row. */
  readonly firstVersion: 0 | 1
  /** The fault of every request; null: it is answered. */
  fault: ToyFault | null
  /** The next write's answer is lost, after the write was executed or before. */
  loseAnswer: 'landed' | 'lost' | null
  /** Persons whose rows may not be written. */
  readonly refused: Set<string>
}

/** A request that is not answered as usual. */
export type ToyFault =
  | { readonly status: number; readonly retryAfterSeconds: number | null }
  /** Not answered at all. */
  | 'hangs'

/**
 * A CRM in memory that stores legal bases itself, does not refuse stale writes, and reports changed rows but never an
 * absence.
 */
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
  /** Requests so far, with any result. */
  asked = 0
  /** Requested readings, and rows requested to be written. */
  readonly requests = { read: 0, changes: 0, write: 0 }
  /** Colours in which rows may be written; if there are several, a person has to choose ours. */
  readonly colours: string[] = []
  /** Ours. */
  colour: string | null = null
  /** Names that may write; set-up adds ours. */
  readonly sources = new Set<string>()
  /** Posts changes to a registered target. */
  readonly post = new ToyPost()
  /** Increases with every change of a row. */
  sequence = 0
  /** Person ids by the sequence of the last change of one of their rows. */
  readonly changedAt = new Map<string, number>()
  private held: (() => void)[] = []
  private nextId = 1
  private nextRegistered = Date.UTC(2020, 0, 1)

  nowMs(): number {
    return Date.now() + this.switches.clockSkewMs
  }

  /** Adds a person; each is younger than the previous one. A user set the rows, unless they are defaults. */
  add(
    emails: readonly string[],
    rows: Partial<Record<Purpose, RichValue>> = {},
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
    for (const [purpose, value] of Object.entries(rows) as [Purpose, RichValue][]) {
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

  /** A card is saved again unchanged: the version increases, and a user is the last writer. */
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

  /** Restores the rows and versions of a copy. */
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

  value(personId: string, purpose: Purpose = 'marketingSendouts'): RichValue {
    return this.persons.get(personId)!.rows.get(purpose)?.value ?? 'none'
  }
}
