import { createHash } from 'node:crypto'
import type { Account, Category } from './account.js'
import { type Contact, normalise } from './contacts.js'
import type { ChangeDraft } from './feed.js'
import { currentValue, setValue } from './set-value.js'
import {
  type Actor,
  categoryKey,
  categoryOf,
  iso,
  SYNCED_PURPOSES,
  type ValueKey,
} from './values.js'

/** Lifecycle of contacts and categories, with the changes that it adds to the feed (layer B, lifecycle rules). */

const SYSTEM: Actor = { type: 'system', id: null, name: null }

/** The actor, and the form of the change in the feed. */
export interface Origin {
  readonly source: string
  readonly actor: Actor | null
  readonly silent?: boolean | undefined
}

function draft(account: Account, origin: Origin, rest: Partial<ChangeDraft>): ChangeDraft {
  return {
    type: 'contact.created',
    contactIds: [],
    email: null,
    eventTimeMs: account.now(),
    source: origin.source,
    actor: origin.actor,
    writer: null,
    detail: {},
    silent: origin.silent ?? false,
    ...rest,
  }
}

/** A new contact: consent none and every subscription ON, unless its address is suppressed. */
export function createContact(
  account: Account,
  email: string | null,
  fields: Contact['fields'],
  origin: Origin,
): Contact {
  const contact = account.contacts.add(email, fields, account.now())
  const detail = { createdAt: iso(contact.createdAtMs), mobile: fields.mobile ?? null }
  account.feed.append(
    draft(account, origin, { contactIds: [String(contact.id)], email: contact.email, detail }),
  )
  return contact
}

/**
 * Changes the address. Withdrawn and OFF move with the person if the new address has no value; no positive value moves.
 */
export function changeEmail(
  account: Account,
  contact: Contact,
  email: string | null,
  origin: Origin,
): void {
  const oldEmail = contact.email
  if (normalise(email) === oldEmail) {
    return
  }
  const oldValues = account.contacts.address(oldEmail)?.values ?? {}
  account.contacts.move(contact, email)
  contact.modifiedAtMs = account.now()
  account.feed.append(
    draft(account, origin, {
      type: 'contact.email_changed',
      contactIds: [String(contact.id)],
      email: contact.email,
      detail: { oldEmail, newEmail: contact.email },
    }),
  )
  const address = account.contacts.address(contact.email)
  if (address === undefined) {
    return
  }
  for (const [key, old] of Object.entries(oldValues) as [
    ValueKey,
    (typeof oldValues)[ValueKey],
  ][]) {
    if (old !== undefined && isDeny(old.value) && hasNothing(account, address, key)) {
      setValue(account, address, key, {
        value: old.value,
        eventTimeMs: old.eventTimeMs,
        source: 'addressChange',
        actor: SYSTEM,
        silent: origin.silent,
      })
    }
  }
}

function isDeny(value: unknown): boolean {
  return value === 'withdrawn' || value === false
}

/**
 * Whether no value is set. `none` counts as no record, whatever came before; a subscription that somebody set counts as
 * a value.
 */
function hasNothing(
  account: Account,
  address: Parameters<typeof currentValue>[0],
  key: ValueKey,
): boolean {
  const present = currentValue(address, key)
  const categoryId = categoryOf(key)
  if (categoryId === null) {
    return present.value === 'none'
  }
  return present.version === 0 && account.categories.get(categoryId)?.archived === false
}

/** Deletes a contact permanently. After the last contact of an address only its withdrawn consents stay. */
export function deleteContact(account: Account, contact: Contact, origin: Origin): void {
  const address = account.contacts.address(contact.email)
  account.contacts.remove(contact)
  if (address !== undefined && address.contactIds.length === 0) {
    const kept = SYNCED_PURPOSES.filter((it) => address.values?.[it]?.value === 'withdrawn')
    address.values =
      kept.length === 0 ? null : Object.fromEntries(kept.map((it) => [it, address.values?.[it]]))
  }
  const emailSha256 =
    contact.email === null ? null : createHash('sha256').update(contact.email).digest('hex')
  account.feed.append(
    draft(account, origin, {
      type: 'contact.deleted',
      contactIds: [String(contact.id)],
      detail: { emailSha256 },
    }),
  )
}

/** A new category, ON for everybody. */
export function createCategory(
  account: Account,
  name: string,
  id: string | undefined,
  origin: Origin,
): Category {
  const category = account.addCategory(name, id)
  const detail = { categoryId: category.id, name }
  account.feed.append(draft(account, origin, { type: 'category.created', detail }))
  return category
}

/** Another name; the id stays. */
export function renameCategory(account: Account, category: Category, name: string, origin: Origin) {
  const detail = { categoryId: category.id, name, oldName: category.name }
  category.name = name
  category.updatedAtMs = account.now()
  account.feed.append(draft(account, origin, { type: 'category.renamed', detail }))
}

/** "Removed": states no longer show it. */
export function archiveCategory(account: Account, category: Category, origin: Origin): void {
  category.archived = true
  category.updatedAtMs = account.now()
  const detail = { categoryId: category.id, name: category.name }
  account.feed.append(draft(account, origin, { type: 'category.archived', detail }))
}

/** The key of a decision that names a purpose or a category. */
export function keyOf(item: { purpose?: unknown; categoryId?: unknown }): ValueKey {
  return typeof item.categoryId === 'string'
    ? categoryKey(item.categoryId)
    : (item.purpose as ValueKey)
}
