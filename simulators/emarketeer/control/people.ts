import type { Account } from '../model/account.js'
import { act } from '../model/acts.js'
import { type Address, type Contact } from '../model/contacts.js'
import { keyOf } from '../model/lifecycle.js'
import { seedByPlan, type SeedPlan } from '../model/seed.js'
import { type Actor, categoryKey, type StoredValue, type ValueKey } from '../model/values.js'
import { ControlError } from './control-error.js'
import type { ActRow, SeedRow } from './schemas.js'

/** Acts of people and users in eMarketeer, for the control API. */

const PERSON: Actor = { type: 'dataSubject', id: null, name: null }
export const USER: Actor = { type: 'user', id: 'u7', name: 'Kari' }

/** A living contact, or a ControlError. */
export function contactById(account: Account, contactId: string): Contact {
  const contact = account.contacts.get(contactId)
  if (contact === undefined) {
    throw new ControlError(`no contact ${contactId}`)
  }
  return contact
}

/** The address of an act, given by contact or directly. */
function addressOf(
  account: Account,
  row: { contactId?: string | undefined; email?: string | undefined },
) {
  const email = row.email ?? contactById(account, row.contactId ?? '').email
  const address = account.contacts.address(email)
  if (address === undefined) {
    throw new ControlError('the contact has no address')
  }
  return address
}

/** Carries out one act; returns the id of its change, or null if nothing changed. */
export function doAct(account: Account, row: ActRow): string | null {
  const address = addressOf(account, row)
  const eventTimeMs = row.eventTime ?? account.now()
  switch (row.kind) {
    case 'unsubscribeAll':
    case 'complaint':
      return act(account, address, {
        key: 'marketingSendouts',
        value: 'withdrawn',
        source: row.kind === 'complaint' ? 'complaint' : 'unsubscribePage',
        actor: PERSON,
        eventTimeMs,
      })
    case 'consent':
      return act(account, address, {
        key: row.purpose,
        value: row.legalBasis,
        source: row.source ?? (row.byUser === true ? 'addedByUser' : 'webForm'),
        actor: row.byUser === true ? USER : PERSON,
        eventTimeMs,
        text: row.text,
      })
    case 'subscription':
      return act(account, address, {
        key: categoryKey(row.categoryId),
        value: row.subscribed,
        source: row.source ?? (row.byUser === true ? 'addedByUser' : 'webForm'),
        actor: row.byUser === true ? USER : PERSON,
        eventTimeMs,
      })
  }
}

/** A user's bulk update. Over 500 contacts it sends no webhooks. Each address changes only once. */
export function bulkUpdate(
  account: Account,
  contacts: readonly Contact[],
  decision: {
    purpose?: string | undefined
    legalBasis?: StoredValue['value'] | undefined
    categoryId?: string | undefined
    subscribed?: boolean | undefined
  },
): number {
  const value = decision.legalBasis ?? decision.subscribed
  if (value === undefined) {
    throw new ControlError('give legalBasis or subscribed')
  }
  const addresses = new Set<Address>()
  for (const contact of contacts) {
    const address = account.contacts.address(contact.email)
    if (address !== undefined) {
      addresses.add(address)
    }
  }
  let changed = 0
  for (const address of addresses) {
    const id = act(account, address, {
      key: keyOf(decision),
      value,
      source: 'bulkUpdate',
      actor: USER,
      eventTimeMs: account.now(),
      silent: contacts.length > 500,
    })
    changed += id === null ? 0 : 1
  }
  return changed
}

/** Seeds by plan or by rows, without changes in the feed. */
export function seed(account: Account, body: SeedPlan | { contacts: SeedRow[] }) {
  if (!('contacts' in body)) {
    return seedByPlan(account, body)
  }
  const ids = body.contacts.map((row) => {
    const { firstName, lastName, mobile } = row
    const contact = account.contacts.add(
      row.email,
      { firstName: firstName ?? null, lastName: lastName ?? null, mobile: mobile ?? null },
      row.createdAt ?? account.now(),
      row.contactId === undefined ? undefined : Number(row.contactId),
    )
    const address = account.contacts.address(contact.email)
    if (address !== undefined) {
      address.values = { ...address.values, ...seededValues(row, contact.createdAtMs) }
    }
    return String(contact.id)
  })
  return { contactIds: ids }
}

function seededValues(row: SeedRow, createdAtMs: number) {
  const values: Partial<Record<ValueKey, StoredValue>> = {}
  const common = { actor: USER, text: null, comment: null }
  for (const [purpose, given] of Object.entries(row.consents ?? {})) {
    const eventTimeMs = given.eventTime ?? createdAtMs
    values[purpose as ValueKey] = {
      ...common,
      value: given.legalBasis,
      version: given.version ?? 1,
      eventTimeMs,
      recordedAtMs: eventTimeMs,
      source: given.source ?? 'import',
    }
  }
  for (const [categoryId, subscribed] of Object.entries(row.subscriptions ?? {})) {
    values[categoryKey(categoryId)] = {
      ...common,
      value: subscribed,
      version: 1,
      eventTimeMs: createdAtMs,
      recordedAtMs: createdAtMs,
      source: 'import',
    }
  }
  return values
}
