import type { Account } from './account.js'
import { normalise } from './contacts.js'
import { keyOf } from './lifecycle.js'
import { currentValue, setValue } from './set-value.js'
import { type Actor, type Basis, categoryOf, iso, type StoredValue, type Writer } from './values.js'

/** One item of the bulk write, validated. */
export interface WriteItem {
  readonly contactId: string
  readonly purpose?: 'storeAndProcess' | 'marketingSendouts' | undefined
  readonly legalBasis?: Basis | undefined
  readonly categoryId?: string | undefined
  readonly subscribed?: boolean | undefined
  readonly expectedVersion: number
  readonly eventTime: string
  readonly actor: Actor
  readonly text?: string | null | undefined
  readonly comment?: string | null | undefined
}

const FUTURE_TOLERANCE_MS = 5 * 60_000

/** Applies one item by itself (EM-B4). */
export function writeItem(
  account: Account,
  item: WriteItem,
  source: string,
  writer: Writer,
  silent: boolean,
): Record<string, unknown> {
  const contact = account.contacts.get(item.contactId)
  if (contact === undefined) {
    return { status: 'notFound', code: 'contact_not_found' }
  }
  if (item.categoryId !== undefined) {
    const category = account.categories.get(item.categoryId)
    if (category === undefined || category.vanished) {
      return { status: 'notFound', code: 'category_not_found' }
    }
    if (category.archived) {
      return { status: 'invalid', code: 'category_archived' }
    }
  }
  const email = normalise(contact.email)
  if (email === null) {
    return { status: 'invalid', code: 'contact_has_no_email' }
  }
  const eventTimeMs = Date.parse(item.eventTime)
  if (eventTimeMs > account.now() + FUTURE_TOLERANCE_MS) {
    return { status: 'invalid', code: 'event_time_in_future' }
  }
  const address = account.contacts.addressOrNew(email)
  const key = keyOf(item)
  const value = item.legalBasis ?? item.subscribed!
  const present = currentValue(address, key)
  if (present.value === value) {
    return { status: 'unchanged', version: present.version }
  }
  if (present.version !== item.expectedVersion) {
    const current = {
      ...(categoryOf(key) === null ? { legalBasis: present.value } : { subscribed: present.value }),
      ...pointFacts(present.stored),
    }
    return { status: 'conflict', version: present.version, current }
  }
  const change = setValue(account, address, key, {
    value,
    eventTimeMs,
    source,
    actor: item.actor,
    text: item.text,
    comment: item.comment,
    writer,
    silent,
  })
  return { status: 'applied', version: present.version + 1, changeId: change.id }
}

const UNSET = { version: 0, eventTime: null, recordedAt: null, source: null, actor: null }
const rendered = new WeakMap<StoredValue, object>()

/** A value's further facts; nulls if it was never set. Cached, because seeded contacts share values. */
export function pointFacts(stored: StoredValue | null): object {
  if (stored === null) {
    return UNSET
  }
  const known = rendered.get(stored)
  if (known !== undefined) {
    return known
  }
  const facts = {
    version: stored.version,
    eventTime: iso(stored.eventTimeMs),
    recordedAt: iso(stored.recordedAtMs),
    source: stored.source,
    actor: stored.actor,
  }
  rendered.set(stored, facts)
  return facts
}
