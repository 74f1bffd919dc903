import { expect } from '@jest/globals'
import type { CrmConsent, CrmContact, CrmWrite } from '../../../../src/crm/crm.js'
import { valuesOf, type NewPerson, type SetUpStand } from '../contract-stand.js'

let number = 0

/** An address that nobody else has. */
export function newAddress(prefix = 'p'): string {
  number += 1
  return `${prefix}${number}@contract.example`
}

/** A new person. @returns the record's id. */
export async function somebody(
  { stand }: SetUpStand,
  given: Partial<NewPerson> = {},
): Promise<string> {
  const [id] = await stand.add([{ emails: [newAddress()], ...given }])
  return id ?? ''
}

/** A record as it is read now; fails if it does not exist. */
export async function readOne({ crm }: SetUpStand, contactId: string): Promise<CrmContact> {
  const { contacts } = await crm.read({ by: 'contactId', contactIds: [contactId] }, {})
  expect(contacts.map((one) => one.contactId)).toEqual([contactId])
  return contacts[0]!
}

/** Its marketing consent. */
export async function marketingOf(set: SetUpStand, contactId: string): Promise<CrmConsent> {
  const consent = (await readOne(set, contactId)).consents.marketingSendouts
  expect(consent).toBeDefined()
  return consent!
}

/** A write of the marketing consent over its present value; by default an opt-out. */
export async function writeOf(
  set: SetUpStand,
  contactId: string,
  value = valuesOf(set.stand).deny,
): Promise<CrmWrite & { readonly kind: 'consent' }> {
  const { version } = await marketingOf(set, contactId)
  const purpose = 'marketingSendouts'
  return { kind: 'consent', contactId, purpose, value, expectedVersion: version }
}

/** A person who allows, and the write that denies it. */
export async function denial(set: SetUpStand) {
  const contactId = await somebody(set, { value: valuesOf(set.stand).allow })
  return writeOf(set, contactId)
}
