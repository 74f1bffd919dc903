import type {
  CrmChangePage,
  CrmConsent,
  CrmContact,
  CrmFacts,
  CrmReading,
  CrmReadRequest,
  CrmSession,
  CrmWrite,
  CrmWriteOutcome,
} from '../../src/crm/crm.js'
import { PURPOSES, type LegalBasis, type Purpose } from '../../src/domain/legal-basis.js'
import type { CallContext } from '../../src/http/index.js'
import type { ToyCrm, ToyPerson } from './toy-crm.js'

const EPS_MS = 2_000
const MAX_OFFSET_MS = 5 * 60_000

/** A session with the toy CRM: everything that the product asks of one. */
export class ToySession implements CrmSession {
  constructor(
    private readonly crm: ToyCrm,
    readonly firstVersion: number | null,
  ) {}

  async check(): Promise<void> {}

  async read(request: CrmReadRequest, context: CallContext): Promise<CrmReading> {
    this.crm.requests.read += 1
    this.tellClock(context)
    const persons = [...this.crm.persons.values()].filter((person) => !person.deleted)
    if (request.by === 'email') {
      const wanted = new Set(request.emails)
      const contacts = persons.filter(({ emails }) => emails.some((e) => wanted.has(e)))
      return {
        contacts: contacts.map((p) => this.contact(p)),
        subscriptions: [],
        missingContactIds: [],
      }
    }
    const byId = new Map(persons.map((person) => [person.id, person]))
    return {
      contacts: request.contactIds.flatMap((id) => {
        const person = byId.get(id)
        return person ? [this.contact(person)] : []
      }),
      subscriptions: [],
      missingContactIds: request.contactIds.filter((id) => !byId.has(id)),
    }
  }

  /** Changed rows only: from nothing it tells where to go on, and nobody. */
  async *readChanges(cursor: string | null, context: CallContext): AsyncIterable<CrmChangePage> {
    this.crm.requests.changes += 1
    this.tellClock(context)
    const since = cursor === null ? this.crm.sequence : Number(cursor)
    const changed = [...this.crm.changedAt].filter(([, at]) => at > since).map(([id]) => id)
    const nextCursor = String(this.crm.sequence)
    const persons = changed.map((id) => this.crm.persons.get(id)!).filter((p) => !p.deleted)
    yield {
      contacts: persons.map((person) => this.contact(person)),
      subscriptions: [],
      deletedContactIds: [],
      deletedSubscriptionRowIds: [],
      baseline: false,
      nextCursor,
    }
  }

  async write(writes: readonly CrmWrite[]): Promise<readonly CrmWriteOutcome[]> {
    return writes.map((write): CrmWriteOutcome => {
      if (write.kind !== 'consent') {
        throw new Error('this CRM has no subscriptions')
      }
      const { beforeWrite, afterWrite } = this.crm.switches
      this.crm.switches.beforeWrite = null
      beforeWrite?.()
      const person = this.crm.persons.get(write.contactId)
      if (!person || person.deleted) {
        return { status: 'gone' }
      }
      this.crm.requests.write += 1
      const value = write.value as LegalBasis
      if (!this.crm.write(() => this.crm.set(person.id, write.purpose, value, 'us'))) {
        return { status: 'unknown', error: new Error('no answer') }
      }
      this.crm.switches.afterWrite = null
      afterWrite?.()
      const readBack = this.consent(person, write.purpose)
      return { status: 'applied', version: readBack.version, rowId: null, readBack }
    })
  }

  async readFieldHistory(): Promise<readonly []> {
    return []
  }

  async syncCategories() {
    return { created: 0, updated: 0, foreignRows: 0 }
  }

  async installWebhooks() {
    return { installed: false, reason: 'this CRM posts nothing', facts: {} }
  }

  async removeWebhooks(): Promise<CrmFacts> {
    return {}
  }

  private contact(person: ToyPerson): CrmContact {
    const [email = null, ...otherEmails] = person.emails
    return {
      contactId: person.id,
      email,
      otherEmails,
      state: 'live',
      mergedInto: null,
      registeredAtMs: person.registeredAtMs,
      consents: Object.fromEntries(
        PURPOSES.map((purpose) => [purpose, this.consent(person, purpose)]),
      ),
    }
  }

  private consent({ rows }: ToyPerson, purpose: Purpose): CrmConsent {
    const row = rows.get(purpose)
    if (!row) {
      return { value: 'none', version: 'none', lastWriter: 'default', stamp: null }
    }
    const { clockSkewMs } = this.crm.switches
    const told = row.by === 'user' && Math.abs(clockSkewMs) <= MAX_OFFSET_MS
    return {
      value: row.value,
      version: String(row.updatedCount),
      lastWriter: row.by,
      stamp: told
        ? { atMs: row.updatedAtMs, epsMs: Math.max(EPS_MS, Math.abs(clockSkewMs)) }
        : null,
    }
  }

  private tellClock(context: CallContext): void {
    context.onClock?.({
      system: 'superoffice',
      offsetMs: this.crm.switches.clockSkewMs,
      roundTripMs: 1,
      resolutionMs: 1000,
    })
  }
}
