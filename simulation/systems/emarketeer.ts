import { Account } from '../../simulators/emarketeer/model/account.js'
import type { Contact } from '../../simulators/emarketeer/model/contacts.js'
import type { LoggedChange } from '../../simulators/emarketeer/model/feed.js'
import { fixAudience } from '../../simulators/emarketeer/model/audience.js'
import { currentValue } from '../../simulators/emarketeer/model/set-value.js'
import {
  categoryKey,
  type Purpose as AnyPurpose,
  type StoredValue,
} from '../../simulators/emarketeer/model/values.js'
import { writeItem } from '../../simulators/emarketeer/model/write-items.js'
import type {
  ChangesAnswer,
  ContactState,
  EmarketeerClient,
  FeedItem,
  StatePart,
  StateWrite,
  WriteAnswer,
  WriteRequest,
} from '../../src/emarketeer/index.js'
import type { CallContext } from '../../src/http/index.js'
import type { Wire } from './wire.js'

/** A write of ours that a system applied. The product may not have received the answer. */
export interface OwnWrite {
  readonly atMs: number
  readonly side: 'emarketeer' | 'crm'
  readonly email: string | null
  readonly recordId: string
  readonly cell: string
  readonly value: string
}

const MAX_PAGE = 1_000
const CLIENT = 'legal-basis-sync'

/**
 * eMarketeer in memory, as docs/wire-emarketeer.md describes it: the stand-in's own model of contacts, addresses, acts
 * and feed, with the interface of the product's client.
 */
export class MemoryEmarketeer {
  readonly account: Account
  readonly writes: OwnWrite[] = []
  private readonly answers = new Map<string, WriteAnswer>()
  /** Cursors of earlier generations are refused as expired. */
  generation = 0

  constructor(
    accountId: string,
    readonly now: () => number,
    private readonly trueMs: () => number,
    categories: readonly { id: string; name: string }[],
  ) {
    this.account = new Account({ accountId, categories }, now)
  }

  contactsAt(email: string): readonly Contact[] {
    const ids = this.account.contacts.address(email)?.contactIds ?? []
    return ids.map((id) => this.account.contacts.byId(id)!)
  }

  value(email: string, cell: string): string {
    const address = this.account.contacts.address(email)
    const key = cell.startsWith('c:') ? categoryKey(cell.slice(2)) : (cell as AnyPurpose)
    return String(currentValue(address, key).value)
  }

  /** Whether somebody in eMarketeer set the current value: it is neither a default nor a write of ours. */
  wasChosen(email: string, cell: string): boolean {
    const address = this.account.contacts.address(email)
    const key = cell.startsWith('c:') ? categoryKey(cell.slice(2)) : (cell as AnyPurpose)
    const source = currentValue(address, key).stored?.source
    return source !== undefined && !source.startsWith('crm')
  }

  /** A client with the product's interface, over a wire. */
  client(wire: Wire): EmarketeerClient {
    const refuse = () => Promise.reject(new Error('not simulated'))
    return {
      accountId: this.account.accountId,
      account: (context) => wire.read(context, 'account', () => undefined),
      changes: ({ position, limit }, context) =>
        wire.read(context, 'changes', () => this.changes(position, limit ?? 500)),
      readStates: (query, include, context) =>
        wire.read(context, 'states.read', () => {
          const found =
            'contactIds' in query
              ? query.contactIds.map((id) => [id, [this.account.contacts.get(id)]] as const)
              : query.emails.map(
                  (email) => [email, this.contactsAt(email.trim().toLowerCase())] as const,
                )
          const items = found.flatMap(([, contacts]) =>
            contacts.flatMap((contact) => (contact ? [this.state(contact, include)] : [])),
          )
          const missing = found
            .filter(([, contacts]) => !contacts.some((contact) => contact !== undefined))
            .map(([asked]) => asked)
          return { items, unreadable: [], missing }
        }),
      walkStates: ({ cursor, limit = 500, include }, context) =>
        wire.read(context, 'states.walk', () => {
          const items: ContactState[] = []
          let last = 0
          for (const contact of this.account.contacts.walk(Number(cursor ?? 0))) {
            if (items.length === limit) {
              return {
                items,
                unreadable: [],
                nextCursor: String(last),
                total: this.account.contacts.size,
              }
            }
            items.push(this.state(contact, include))
            last = contact.id
          }
          return { items, unreadable: [], nextCursor: null, total: this.account.contacts.size }
        }),
      writeStates: (request, context) => this.writeStates(wire, request, context),
      categories: (_query, context) =>
        wire.read(context, 'categories', () =>
          [...this.account.categories.values()].map(({ id, name, archived }) => ({
            categoryId: id,
            name,
            archived,
          })),
        ),
      createAudience: ({ sendoutId, campaignId, componentId }, context) =>
        wire.read(context, 'audiences', () => {
          const component = this.account.components.get(`${campaignId}/${componentId}`)!
          const audience =
            this.account.audiences.get(sendoutId) ?? fixAudience(this.account, sendoutId, component)
          const { channel, categoryId, transactional } = audience.component
          return { audienceId: audience.audienceId, channel, categoryId, transactional }
        }),
      audienceContacts: (audienceId, { cursor, limit = 1_000 }, context) =>
        wire.read(context, 'audience.contacts', () => {
          const audience = [...this.account.audiences.values()].find(
            (one) => one.audienceId === audienceId,
          )!
          const from = Number(cursor ?? 0)
          const items = audience.members
            .slice(from, from + limit)
            .map(({ id, email, mobile }) => ({ contactId: String(id), email, mobile }))
          const next = from + items.length
          const total = audience.members.length
          return { status: 'page', items, nextCursor: next < total ? String(next) : null, total }
        }),
      getWebhook: refuse,
      putWebhook: refuse,
      deleteWebhook: refuse,
      rotateWebhookSecret: refuse,
      close: () => undefined,
    }
  }

  private changes(position: { cursor: string } | { from: unknown }, limit: number): ChangesAnswer {
    const { log } = this.account.feed
    let from = log.length
    if ('cursor' in position) {
      const [generation, at] = position.cursor.split('-').map(Number)
      if (generation !== this.generation || at! > log.length) {
        return { status: 'cursorExpired' }
      }
      from = at!
    }
    const items = log
      .slice(from, from + Math.min(limit, MAX_PAGE))
      .map((change) => this.item(change))
    const next = from + items.length
    return {
      status: 'page',
      items,
      nextCursor: `${this.generation}-${next}`,
      hasMore: next < log.length,
    }
  }

  private item(change: LoggedChange): FeedItem {
    const { contacts } = this.account
    const gone = change.contactIds.length > 0 && !change.contactIds.some((id) => contacts.has(id))
    const { detail } = change
    const facts = {
      id: change.id,
      contactIds: change.contactIds,
      email: gone ? null : change.email,
      eventTimeMs: change.eventTimeMs,
      recordedAtMs: change.recordedAtMs,
      source: change.source,
      actor: change.actor,
      writer: change.writer && { clientId: change.writer.clientId },
    }
    const after = detail['new'] as { legalBasis: never; subscribed: boolean; version: number }
    switch (change.type) {
      case 'consent.changed':
        return { ...facts, type: change.type, purpose: detail['purpose'] as 'profiling', after }
      case 'subscription.changed':
        return { ...facts, type: change.type, categoryId: String(detail['categoryId']), after }
      case 'contact.email_changed':
        return {
          ...facts,
          type: change.type,
          oldEmail: gone ? null : (detail['oldEmail'] as string | null),
          newEmail: gone ? null : (detail['newEmail'] as string | null),
        }
      default:
        return { ...facts, type: change.type }
    }
  }

  private state(contact: Contact, include?: StatePart): ContactState {
    const address = this.account.contacts.address(contact.email)
    const { mobile = null } = contact.fields
    const base = { contactId: String(contact.id), email: contact.email, mobile }
    if (address === undefined) {
      return { ...base, consents: null, subscriptions: null }
    }
    const consent = (purpose: 'storeAndProcess' | 'marketingSendouts') => {
      const { value, stored } = currentValue(address, purpose)
      return { legalBasis: value as 'none', ...pointOf(stored) }
    }
    const consents = {
      storeAndProcess: consent('storeAndProcess'),
      marketingSendouts: consent('marketingSendouts'),
    }
    const subscriptions = this.account.liveCategories().map(({ id }) => {
      const { value, stored } = currentValue(address, categoryKey(id))
      return { categoryId: id, subscribed: value as boolean, ...pointOf(stored) }
    })
    return {
      ...base,
      consents: include === 'subscriptions' ? null : consents,
      subscriptions: include === 'consents' ? null : subscriptions,
    }
  }

  private async writeStates(
    wire: Wire,
    request: WriteRequest,
    context: CallContext | undefined,
  ): Promise<WriteAnswer> {
    const { items } = request
    const about = {
      addresses: items.flatMap(
        ({ contactId }) => this.account.contacts.get(contactId)?.email ?? [],
      ),
      permits: items.some((item) =>
        item.kind === 'consent' ? item.legalBasis !== 'withdrawn' : item.subscribed,
      ),
    }
    const end = await wire.write(context, 'states.write', about, () => this.apply(request))
    if ('error' in end) {
      throw end.error
    }
    return end.answer
  }

  private apply({ idempotencyKey, source, items }: WriteRequest): WriteAnswer {
    const known = this.answers.get(idempotencyKey)
    if (known) {
      return { ...known, replayed: true }
    }
    const writer = { clientId: CLIENT, idempotencyKey }
    const results = items.map((item) => this.applyOne(item, source, writer))
    const answer = { results, replayed: false }
    this.answers.set(idempotencyKey, answer)
    return answer
  }

  private applyOne(
    item: StateWrite,
    source: string,
    writer: { clientId: string; idempotencyKey: string },
  ): WriteAnswer['results'][number] {
    const { eventTimeMs, ...rest } = item
    const eventTime = new Date(Math.min(eventTimeMs, this.now())).toISOString()
    const email = this.account.contacts.get(item.contactId)?.email ?? null
    const result = writeItem(this.account, { ...rest, eventTime }, source, writer, false)
    const { status, version, changeId } = result as {
      status: 'applied'
      version: number
      changeId: string
    }
    if (status === 'applied') {
      this.writes.push({
        atMs: this.trueMs(),
        side: 'emarketeer',
        email,
        recordId: item.contactId,
        cell: item.kind === 'consent' ? item.purpose : `c:${item.categoryId}`,
        value: String(item.kind === 'consent' ? item.legalBasis : item.subscribed),
      })
    }
    return { status, version, changeId }
  }
}

function pointOf(stored: StoredValue | null) {
  return {
    version: stored?.version ?? 0,
    eventTimeMs: stored?.eventTimeMs ?? null,
    recordedAtMs: stored?.recordedAtMs ?? null,
    source: stored?.source ?? null,
    actor: stored?.actor ?? null,
  }
}
