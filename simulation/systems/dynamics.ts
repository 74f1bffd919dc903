import type {
  CrmCapabilities,
  CrmChangePage,
  CrmClient,
  CrmContact,
  CrmReading,
  CrmSubscription,
  CrmWrite,
  CrmWriteOutcome,
} from '../../src/crm/crm.js'
import { CrmCursorExpired } from '../../src/crm/crm.js'
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

/** A contact of Dynamics. */
interface DynamicsContact extends CrmRecord {
  email: string | null
  /** Column `donotbulkemail`. */
  denies: boolean
  version: number
  state: 'live' | 'deactivated' | 'merged'
  mergedInto: string | null
  readonly createdMs: number
  modifiedMs: number
  /** The last change of the toggle, as recorded in the audit. */
  flip: { atMs: number; byUs: boolean } | null
}

/** A subscription row. */
interface DynamicsRow {
  readonly id: string
  contactId: string
  readonly categoryId: string
  subscribed: boolean
  version: number
  foreign: boolean
}

/** The capabilities that the driver declares for Dynamics. */
const DYNAMICS: CrmCapabilities = {
  values: 'toggle',
  refusesStaleWrites: true,
  purposes: ['marketingSendouts'],
  subscriptions: true,
  completeDelta: true,
  fieldHistory: true,
  directReadContactsPerRequest: 500,
}

const EPS_MS = 2_000
const MOST_OFF_MS = 5 * 60_000

/**
 * Dynamics in memory, as docs/wire-dataverse.md describes it, limited to what the product reads and writes of people.
 */
export class MemoryDynamics implements MemoryCrm {
  readonly name = 'dynamics'
  readonly source = 'crmDynamics'
  readonly capabilities = DYNAMICS
  private readonly contacts = new Map<string, DynamicsContact>()
  private readonly byAddress = new ByAddress<DynamicsContact>()
  private readonly rows = new Map<string, DynamicsRow>()
  readonly writes: OwnWrite[] = []
  /** Change numbers of everything that exists or existed. */
  private readonly changed = new Map<string, number>()
  private readonly gone: {
    readonly id: string
    readonly table: 'contact' | 'row'
    readonly at: number
  }[] = []
  private counter = 0
  private generation = 0
  onChange: (change: CrmChange) => void = () => undefined
  onWrite: (write: OwnWrite) => void = () => undefined
  onAnswerGone: (id: string) => void = () => undefined

  constructor(
    private readonly now: () => number,
    private readonly skewMs: number,
  ) {}

  expireCursors(): void {
    this.generation += 1
  }

  liveAt(email: string): readonly DynamicsContact[] {
    return this.at(email).filter(({ state }) => state === 'live')
  }

  add(email: string, denies: boolean): DynamicsContact {
    const contact: DynamicsContact = {
      id: guid(1, this.contacts.size + this.gone.length + 1),
      email,
      denies,
      version: 0,
      state: 'live',
      mergedInto: null,
      createdMs: this.clock(),
      modifiedMs: this.clock(),
      flip: null,
    }
    this.contacts.set(contact.id, contact)
    this.byAddress.add(contact)
    this.touch(contact, false, [email])
    return contact
  }

  value(record: CrmRecord, cell: string): string | null {
    if (cell === 'marketingSendouts') {
      return this.of(record).denies ? 'deny' : 'allow'
    }
    const rows = this.rowsOf(record.id).filter((row) => cell === `c:${row.categoryId}`)
    return rows.length === 0 ? null : rows.map((row) => String(row.subscribed)).join('+')
  }

  answerId(record: CrmRecord, cell: string): string | null {
    return cell === 'marketingSendouts' ? record.id : (this.rowAt(record, cell)?.id ?? null)
  }

  say(record: CrmRecord, cell: string, answer: Answer, asUs: boolean): boolean {
    const denies = answer === 'deny'
    if (cell === 'marketingSendouts') {
      const contact = this.of(record)
      const changes = contact.denies !== denies
      if (changes) {
        this.flip(contact, denies, asUs)
      }
      return changes
    }
    const row = this.rowAt(record, cell)
    if (row === undefined || row.subscribed === !denies) {
      return false
    }
    this.setRow(row, !denies, asUs)
    return true
  }

  wasDenied(record: CrmRecord, cell: string): boolean {
    const { denies, flip } = this.of(record)
    return cell === 'marketingSendouts' && denies && flip !== null && !flip.byUs
  }

  wasChosen(record: CrmRecord): boolean {
    const { flip } = this.of(record)
    return flip !== null && !flip.byUs
  }

  edit(record: CrmRecord): void {
    this.touch(this.of(record), false)
  }

  remove(record: CrmRecord): void {
    const { id } = record
    this.byAddress.remove(this.of(record))
    this.contacts.delete(id)
    this.changed.delete(id)
    this.gone.push({ id, table: 'contact', at: (this.counter += 1) })
    // Our relationship does not restrict the deletion: the rows are deleted with their contact.
    this.rowsOf(id).forEach((row) => this.removeRow(row))
    const change = { entity: 'contact', id, contactId: id, byUs: false } as const
    this.onChange({ ...change, denies: false, addresses: [] })
  }

  deactivate(record: CrmRecord): void {
    const contact = this.of(record)
    contact.state = 'deactivated'
    this.touch(contact, false)
  }

  reactivateAt(email: string): CrmRecord | null {
    const contact = this.at(email).find(({ state }) => state === 'deactivated') ?? null
    if (contact !== null) {
      contact.state = 'live'
      this.touch(contact, false)
    }
    return contact
  }

  move(record: CrmRecord, to: string): void {
    const contact = this.of(record)
    const { email } = contact
    contact.email = to
    this.byAddress.moved(contact, email)
    this.touch(contact, false, [to])
  }

  /** Deactivates the loser, and moves its rows to the winner unchanged. */
  merge(losing: CrmRecord, winning: CrmRecord): void {
    const loser = this.of(losing)
    const winner = this.of(winning)
    loser.state = 'merged'
    loser.mergedInto = winner.id
    this.touch(loser, false)
    for (const row of this.rowsOf(loser.id)) {
      row.contactId = winner.id
      row.foreign = true
      this.touchRow(row, false)
    }
    this.touch(winner, false)
  }

  private of(record: CrmRecord): DynamicsContact {
    return this.contacts.get(record.id)!
  }

  private at(email: string): readonly DynamicsContact[] {
    return this.byAddress.at(email)
  }

  private rowsOf(contactId: string): DynamicsRow[] {
    return [...this.rows.values()].filter((row) => row.contactId === contactId)
  }

  private rowAt(record: CrmRecord, cell: string): DynamicsRow | undefined {
    return this.rowsOf(record.id).find((row) => cell === `c:${row.categoryId}`)
  }

  private flip(contact: DynamicsContact, denies: boolean, byUs: boolean): void {
    if (contact.denies !== denies) {
      contact.flip = { atMs: this.clock(), byUs }
    }
    contact.denies = denies
    this.touch(contact, byUs)
  }

  /** Records any change of the record. @param addresses that it sets. */
  private touch(contact: DynamicsContact, byUs: boolean, addresses: readonly string[] = []): void {
    contact.version = this.counter += 1
    contact.modifiedMs = this.clock()
    this.changed.set(contact.id, this.counter)
    const { id, denies } = contact
    this.onChange({ entity: 'contact', id, contactId: id, byUs, denies, addresses })
  }

  private setRow(row: DynamicsRow, subscribed: boolean, byUs: boolean): void {
    row.subscribed = subscribed
    this.touchRow(row, byUs)
  }

  private touchRow(row: DynamicsRow, byUs: boolean, creates = false): void {
    row.version = this.counter += 1
    this.changed.set(row.id, this.counter)
    const { id, contactId, subscribed } = row
    const change = { entity: 'subscription', id, contactId, byUs, creates } as const
    this.onChange({ ...change, denies: !subscribed, addresses: [] })
  }

  private removeRow(row: DynamicsRow): void {
    this.rows.delete(row.id)
    this.changed.delete(row.id)
    this.gone.push({ id: row.id, table: 'row', at: (this.counter += 1) })
    this.onAnswerGone(row.id)
  }

  client(wire: Wire): CrmClient {
    const refuse = () => Promise.reject(new Error('not simulated'))
    const { read } = { read: this.read.bind(this) }
    return {
      check: (context) => wire.read(context, 'check', () => undefined),
      read: (request, context) => wire.read(context, 'contacts.read', () => read(request)),
      readChanges: (cursor, context) => this.readChanges(wire, cursor, context),
      readSubscriptions: (ids, context) =>
        wire.read(context, 'subscriptions.read', () =>
          ids.flatMap((id) => (this.rows.has(id) ? [this.subscription(this.rows.get(id)!)] : [])),
        ),
      write: (writes, context) => this.write(wire, writes, context),
      readFieldHistory: (ids, context) =>
        wire.read(context, 'audit.read', () => ids.flatMap((id) => this.history(id))),
      syncCategories: (_categories, context) =>
        wire.read(context, 'categories', () => ({ created: 0, updated: 0, foreign: [] })),
      installWebhooks: refuse,
      removeWebhooks: refuse,
    }
  }

  private clock(): number {
    return this.now() + this.skewMs
  }

  private read(request: Parameters<CrmClient['read']>[0]): CrmReading {
    const named =
      request.by === 'email'
        ? request.emails.flatMap((email) => this.at(email.toLowerCase()))
        : request.contactIds.flatMap((id) => this.contacts.get(id) ?? [])
    const found = [...new Set(named)].sort((a, b) => (a.id < b.id ? -1 : 1))
    const ids = new Set(found.map(({ id }) => id))
    return {
      contacts: found.map((one) => this.contact(one)),
      subscriptions: [...this.rows.values()]
        .filter((row) => ids.has(row.contactId))
        .map((row) => this.subscription(row)),
      missingContactIds: missingOf(request, ids),
    }
  }

  private async *readChanges(
    wire: Wire,
    cursor: string | null,
    context: Parameters<CrmClient['readChanges']>[1],
  ): AsyncGenerator<CrmChangePage> {
    const [generation, since] = sinceOf(cursor, this.generation)
    const expired = generation !== this.generation || since > this.counter
    // Two streams, one after the other: contacts, then rows; each as of its own moment.
    const first = await wire.read(context, 'contacts.delta', () => {
      const contacts = [...this.contacts.values()].filter(({ id }) => this.changed.get(id)! > since)
      return {
        contacts: contacts.map((one) => this.contact(one)),
        deletedContactIds: this.goneSince(since, 'contact', cursor),
        to: this.counter,
      }
    })
    if (expired) {
      throw new CrmCursorExpired('the change token is not known')
    }
    const baseline = cursor === null
    const empty = {
      contacts: [],
      subscriptions: [],
      deletedContactIds: [],
      deletedSubscriptionRowIds: [],
    }
    yield {
      ...empty,
      contacts: first.contacts,
      deletedContactIds: first.deletedContactIds,
      baseline,
      nextCursor: null,
    }
    const second = await wire.read(context, 'subscriptions.delta', () => {
      const rows = [...this.rows.values()].filter(({ id }) => this.changed.get(id)! > since)
      return {
        subscriptions: rows.map((row) => this.subscription(row)),
        deletedSubscriptionRowIds: this.goneSince(since, 'row', cursor),
      }
    })
    // The contacts' token serves for the rows, too: changes in between are returned twice.
    yield { ...empty, ...second, baseline, nextCursor: `${this.generation}-${first.to}` }
  }

  private goneSince(since: number, table: 'contact' | 'row', cursor: string | null): string[] {
    return cursor === null
      ? []
      : this.gone.filter((one) => one.table === table && one.at > since).map(({ id }) => id)
  }

  private async write(
    wire: Wire,
    writes: readonly CrmWrite[],
    context: Parameters<CrmClient['write']>[1],
  ): Promise<readonly CrmWriteOutcome[]> {
    if (writes.length === 0) {
      return []
    }
    const addresses = writes.flatMap((write) => this.addressOf(write) ?? [])
    const end = await wire.write(
      context,
      'batch',
      { addresses, permits: writes.some(permits) },
      (half) => {
        const done = half ? writes.slice(0, Math.ceil(writes.length / 2)) : writes
        return done.map((write) => this.apply(write))
      },
    )
    if ('error' in end) {
      const status = end.error.mayHaveBeenApplied ? 'unknown' : 'notSent'
      return writes.map(() => ({ status, error: end.error }))
    }
    const error = new Error('the batch was cut off')
    return writes.map((_, at): CrmWriteOutcome => end.answer[at] ?? { status: 'notSent', error })
  }

  private addressOf(write: CrmWrite): string | null | undefined {
    const id = 'contactId' in write ? write.contactId : this.rows.get(write.rowId)?.contactId
    return this.contacts.get(id ?? '')?.email
  }

  private apply(write: CrmWrite): CrmWriteOutcome {
    const told = (cell: string, recordId: string, contactId: string, value: string) => {
      const email = this.contacts.get(contactId)?.email ?? null
      const done = { atMs: this.now(), side: 'crm', email, recordId, cell, value } as const
      this.writes.push(done)
      this.onWrite(done)
    }
    switch (write.kind) {
      case 'consent': {
        const contact = this.contacts.get(write.contactId)
        if (contact === undefined) {
          return { status: 'gone' }
        }
        if (write.expectedVersion !== etag(contact.version)) {
          return { status: 'conflict' }
        }
        this.flip(contact, write.value === 'deny', true)
        told(write.purpose, contact.id, contact.id, write.value)
        return { status: 'applied', version: etag(contact.version), rowId: null }
      }
      case 'subscription':
      case 'deleteSubscription': {
        const row = this.rows.get(write.rowId)
        if (row === undefined) {
          return { status: 'gone' }
        }
        if (write.expectedVersion !== etag(row.version)) {
          return { status: 'conflict' }
        }
        if (write.kind === 'deleteSubscription') {
          this.removeRow(row)
          return { status: 'applied', version: null, rowId: row.id }
        }
        this.setRow(row, write.subscribed, true)
        told(`c:${row.categoryId}`, row.id, row.contactId, String(write.subscribed))
        return { status: 'applied', version: etag(row.version), rowId: row.id }
      }
      case 'createSubscription': {
        if (!this.contacts.has(write.contactId)) {
          return { status: 'gone' }
        }
        const isKnown = this.rowsOf(write.contactId).some(
          (row) => row.categoryId === write.categoryId && !row.foreign,
        )
        if (isKnown) {
          return { status: 'conflict' }
        }
        const row = this.newRow(write.contactId, write.categoryId, write.subscribed, true)
        return { status: 'applied', version: null, rowId: row.id }
      }
    }
  }

  private newRow(
    contactId: string,
    categoryId: string,
    subscribed: boolean,
    byUs: boolean,
  ): DynamicsRow {
    const id = guid(2, this.rows.size + this.gone.length + 1)
    const row = { id, contactId, categoryId, subscribed, version: 0, foreign: false }
    this.rows.set(id, row)
    this.touchRow(row, byUs, true)
    return row
  }

  private contact(one: DynamicsContact): CrmContact {
    return {
      contactId: one.id,
      email: one.email,
      otherEmails: [],
      denyOnlyEmails: [],
      state: one.state,
      mergedInto: one.mergedInto,
      registeredAtMs: one.createdMs,
      consents: {
        marketingSendouts: {
          value: one.denies ? 'deny' : 'allow',
          version: etag(one.version),
          lastWriter: 'unknown',
        },
      },
    }
  }

  private subscription(row: DynamicsRow): CrmSubscription {
    return {
      rowId: row.id,
      contactId: row.contactId,
      categoryId: row.categoryId,
      subscribed: row.subscribed,
      version: etag(row.version),
      foreign: row.foreign,
    }
  }

  /** The audit proves that a person made the last change of the current value, if the clock is not far off. */
  private history(id: string) {
    const contact = this.contacts.get(id)
    if (!contact?.flip || contact.flip.byUs || Math.abs(this.skewMs) > MOST_OFF_MS) {
      return []
    }
    const epsMs = Math.max(EPS_MS, Math.abs(this.skewMs) + 40)
    return [
      {
        contactId: id,
        value: contact.denies ? 'deny' : 'allow',
        atMs: contact.flip.atMs,
        epsMs,
        userId: guid(3, 1),
      } as const,
    ]
  }
}

function permits(write: CrmWrite): boolean {
  return write.kind === 'consent'
    ? write.value === 'allow'
    : write.kind !== 'deleteSubscription' && write.subscribed
}

function etag(version: number): string {
  return `W/"${version}"`
}

function guid(kind: number, n: number): string {
  return `0000000${kind}-0000-4000-8000-${String(n).padStart(12, '0')}`
}
