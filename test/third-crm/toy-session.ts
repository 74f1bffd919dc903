import {
  CrmCursorExpired,
  type CrmChangePage,
  type CrmConsent,
  type CrmContact,
  type CrmFacts,
  type CrmReading,
  type CrmReadRequest,
  type CrmClient,
  type CrmWrite,
  type CrmWriteOutcome,
  type FactSecrets,
  type WebhookInstallation,
  type WebhookTarget,
} from '../../src/crm/crm.js'
import {
  LEGAL_BASES,
  PURPOSES,
  type LegalBasis,
  type Purpose,
} from '../../src/domain/legal-basis.js'
import type { CallContext } from '../../src/http/index.js'
import type { ToyCrm, ToyPerson } from './toy-crm.js'
import { request, type ToyRequest } from './toy-request.js'
import { installToyWebhook, removeToyWebhook } from './toy-webhooks.js'

const MAX_READ = 1_000
const UNKNOWN_USER = { status: 401, retryAfterSeconds: null }
/** Values that may be written; "nothing recorded" is not an act. */
const WRITABLE: readonly string[] = LEGAL_BASES.filter((basis) => basis !== 'none')

/** The options of a session. */
interface ToyOpened {
  readonly facts: CrmFacts
  readonly secrets: FactSecrets | undefined
  /** The CRM refuses us. */
  readonly refused: boolean
}

/** A session with the toy CRM, with everything that the product uses. */
export class ToySession implements CrmClient {
  constructor(
    readonly crm: ToyCrm,
    readonly firstVersion: number | null,
    private readonly opened: ToyOpened,
  ) {}

  check(context: CallContext): Promise<void> {
    return this.request('check', context)
  }

  async read(asked: CrmReadRequest, context: CallContext): Promise<CrmReading> {
    const keys = asked.by === 'email' ? asked.emails : asked.contactIds
    if (keys.length > MAX_READ) {
      throw new RangeError(`at most ${MAX_READ} contacts are read in one call`)
    }
    if (keys.length === 0) {
      return { contacts: [], subscriptions: [], missingContactIds: [] }
    }
    await this.request('read', context)
    const persons = this.persons()
    if (asked.by === 'email') {
      const wanted = new Set(asked.emails.map((email) => email.toLowerCase()))
      const contacts = persons.filter(({ emails }) =>
        emails.some((email) => wanted.has(email.toLowerCase())),
      )
      return {
        contacts: contacts.map((p) => this.contact(p)),
        subscriptions: [],
        missingContactIds: [],
      }
    }
    const byId = new Map(persons.map((person) => [person.id, person]))
    return {
      contacts: asked.contactIds.flatMap((id) => {
        const person = byId.get(id)
        return person ? [this.contact(person)] : []
      }),
      subscriptions: [],
      missingContactIds: asked.contactIds.filter((id) => !byId.has(id)),
    }
  }

  /** Without a cursor, everybody; otherwise the persons whose rows changed. It never reports an absence. */
  async *readChanges(cursor: string | null, context: CallContext): AsyncIterable<CrmChangePage> {
    if (cursor !== null && !/^\d+$/.test(cursor)) {
      throw new CrmCursorExpired('that was never a cursor')
    }
    await this.request('changes', context)
    const nextCursor = String(this.crm.sequence)
    const { changedAt } = this.crm
    const changed = this.persons().filter(
      ({ id }) => cursor === null || (changedAt.get(id) ?? 0) > Number(cursor),
    )
    const page = { subscriptions: [], deletedContactIds: [], deletedSubscriptionRowIds: [] }
    const contacts = changed.map((person) => this.contact(person))
    yield { ...page, contacts, baseline: cursor === null, nextCursor }
  }

  async write(
    writes: readonly CrmWrite[],
    context: CallContext,
  ): Promise<readonly CrmWriteOutcome[]> {
    if (writes.length === 0) {
      return []
    }
    try {
      await this.request('write', context)
    } catch (error) {
      return writes.map(() => ({ status: 'notSent', error: error as Error }))
    }
    return writes.map((write) => this.writeOne(write))
  }

  async readFieldHistory(): Promise<readonly []> {
    return []
  }

  async syncCategories() {
    return { created: 0, updated: 0, foreign: [] }
  }

  async installWebhooks(target: WebhookTarget, context: CallContext): Promise<WebhookInstallation> {
    await this.request('check', context)
    const { facts, secrets } = this.opened
    return installToyWebhook(this.crm, facts, secrets!, target)
  }

  async removeWebhooks(context: CallContext): Promise<CrmFacts> {
    await this.request('check', context)
    return removeToyWebhook(this.crm)
  }

  private request(kind: ToyRequest, context: CallContext): Promise<void> {
    const fault = this.opened.refused ? UNKNOWN_USER : this.crm.switches.fault
    return request(this.crm, kind, fault, context)
  }

  private persons(): ToyPerson[] {
    return [...this.crm.persons.values()].filter((person) => !person.deleted)
  }

  private writeOne(write: CrmWrite): CrmWriteOutcome {
    const { switches } = this.crm
    if (write.kind !== 'consent' || !WRITABLE.includes(write.value)) {
      return { status: 'refused', upstreamCode: 'not_a_basis' }
    }
    const { beforeWrite, afterWrite } = switches
    switches.beforeWrite = null
    beforeWrite?.()
    const person = this.crm.persons.get(write.contactId)
    if (!person || person.deleted) {
      return { status: 'gone' }
    }
    if (switches.refused.has(person.id)) {
      return { status: 'refused', upstreamCode: 'no_right' }
    }
    this.crm.requests.write += 1
    const { loseAnswer } = switches
    switches.loseAnswer = null
    const sentAtMs = Date.now()
    const work = () => this.crm.set(person.id, write.purpose, write.value as LegalBasis, 'us')
    if (loseAnswer === 'lost' || !this.crm.write(work) || loseAnswer === 'landed') {
      return { status: 'unknown', error: new Error('no answer') }
    }
    const sent = { sentAtMs, answeredAtMs: Date.now() }
    switches.afterWrite = null
    afterWrite?.()
    const readBack = this.consent(person, write.purpose)
    return { status: 'applied', version: readBack.version, rowId: null, readBack, sent }
  }

  private contact(person: ToyPerson): CrmContact {
    const [email = null, ...otherEmails] = person.emails
    return {
      contactId: person.id,
      email,
      otherEmails,
      denyOnlyEmails: [],
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
    return row
      ? {
          value: row.value,
          version: String(row.updatedCount),
          lastWriter: row.by,
          times: {
            registeredMs: row.registeredAtMs,
            updatedMs: row.updatedAtMs,
            onlyInserted: row.updatedAtMs === null,
          },
        }
      : { value: 'none', version: 'none', lastWriter: 'default' }
  }
}
