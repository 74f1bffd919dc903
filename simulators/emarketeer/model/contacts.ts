import type { StoredValue, ValueKey } from './values.js'

/** Fields that the public API can set. */
export const CONTACT_FIELDS = [
  'firstName',
  'lastName',
  'company',
  'title',
  'mobile',
  'telephone',
  'externalId',
] as const
export type ContactField = (typeof CONTACT_FIELDS)[number]

/** One contact; its consent is at its address. */
export interface Contact {
  readonly id: number
  email: string | null
  fields: Partial<Record<ContactField, string | null>>
  readonly createdAtMs: number
  modifiedAtMs: number
}

/** An address with its contacts and values. It outlives them as suppression. */
export interface Address {
  readonly email: string
  contactIds: number[]
  values: Partial<Record<ValueKey, StoredValue>> | null
}

/** Trimmed and lower-cased; null for no address. */
export function normalise(email: string | null): string | null {
  const form = email?.trim().toLowerCase()
  return form ? form : null
}

/** Whether the text can be an address. */
export function isAddress(text: string): boolean {
  return text.length <= 254 && /^[^\s@!#$%*/?^`{|}~\\]+@[^\s@!#$%*/?^`{|}~\\]+$/.test(text.trim())
}

/** Contacts by id and address; walked in numeric order of ids. */
export class ContactBook {
  readonly #contacts = new Map<number, Contact>()
  readonly #addresses = new Map<string, Address>()
  #order: number[] = []
  #sorted = true
  #nextId = 100_001

  get size(): number {
    return this.#contacts.size
  }

  add(
    email: string | null,
    fields: Contact['fields'],
    createdAtMs: number,
    wantedId?: number,
  ): Contact {
    const id = wantedId ?? this.#nextId
    if (this.#contacts.has(id)) {
      throw new Error(`contact ${id} exists`)
    }
    this.#nextId = Math.max(this.#nextId, id + 1)
    const contact: Contact = { id, email: null, fields, createdAtMs, modifiedAtMs: createdAtMs }
    this.#contacts.set(id, contact)
    this.#sorted &&= id > (this.#order.at(-1) ?? 0)
    this.#order.push(id)
    this.move(contact, email)
    return contact
  }

  /** Gives the contact another address, or none. */
  move(contact: Contact, email: string | null): void {
    const old = this.address(contact.email)
    if (old !== undefined) {
      old.contactIds = old.contactIds.filter((id) => id !== contact.id)
    }
    contact.email = normalise(email)
    if (contact.email !== null) {
      const address = this.addressOrNew(contact.email)
      address.contactIds.push(contact.id)
      address.contactIds.sort((a, b) => a - b)
    }
  }

  remove(contact: Contact): void {
    const address = this.address(contact.email)
    if (address !== undefined) {
      address.contactIds = address.contactIds.filter((id) => id !== contact.id)
    }
    this.#contacts.delete(contact.id)
  }

  get(id: string): Contact | undefined {
    return /^[1-9]\d{0,14}$/.test(id) ? this.#contacts.get(Number(id)) : undefined
  }

  has(id: string): boolean {
    return this.get(id) !== undefined
  }

  byId(id: number): Contact | undefined {
    return this.#contacts.get(id)
  }

  address(email: string | null): Address | undefined {
    const key = normalise(email)
    return key === null ? undefined : this.#addresses.get(key)
  }

  addressOrNew(email: string): Address {
    const known = this.#addresses.get(email)
    if (known !== undefined) {
      return known
    }
    const address: Address = { email, contactIds: [], values: null }
    this.#addresses.set(email, address)
    return address
  }

  /** Addresses without contacts that still hold values: suppressed, or left behind by a change. */
  *orphans(): Generator<Address> {
    for (const address of this.#addresses.values()) {
      if (address.contactIds.length === 0 && address.values !== null) {
        yield address
      }
    }
  }

  /** Living contacts with an id above `afterId`, by id. */
  *walk(afterId = 0): Generator<Contact> {
    if (!this.#sorted) {
      this.#order.sort((a, b) => a - b)
      this.#sorted = true
    }
    let low = 0
    let high = this.#order.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#order[middle]! > afterId) {
        high = middle
      } else {
        low = middle + 1
      }
    }
    for (let at = low; at < this.#order.length; at += 1) {
      const contact = this.#contacts.get(this.#order[at]!)
      if (contact !== undefined) {
        yield contact
      }
    }
  }
}
