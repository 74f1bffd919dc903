import { AppError } from '../contracts/app-error.js'
import { addressOrText } from '../domain/email-address.js'
import { findAddresses } from '../ledger/address/addresses.js'
import { addressesOfCrmContacts } from '../ledger/copy/crm-mirror-rows.js'
import type { Queryable } from '../ledger/db/database.js'
import { addressesOfEmarketeerContacts } from '../ledger/copy/emarketeer-mirror.js'

/** More are resynced together, by naming none. */
const MAX_CONTACTS = 1_000

/**
 * Ledger ids of the addresses of contacts named by e-mail address, eMarketeer contact id or CRM contact id.
 *
 * @throws AppError `contact_not_found` for the first that is unknown: an id is named, an address is not;
 *   `too_many_contact_ids`.
 */
export async function findContacts(
  db: Queryable,
  connectionId: string,
  contacts: readonly string[],
): Promise<readonly number[]> {
  if (contacts.length > MAX_CONTACTS) {
    throw new AppError(
      'too_many_contact_ids',
      `${contacts.length} contacts are named; at most ${MAX_CONTACTS} are taken.`,
      { path: '--contact', value: String(contacts.length) },
    )
  }
  const ids = new Set<number>()
  for (const contact of contacts) {
    const found = await find(db, connectionId, contact)
    if (found.length === 0) {
      const named = contact.includes('@') ? 'this address' : `the id ${contact.slice(0, 60)}`
      throw new AppError(
        'contact_not_found',
        `Connection ${connectionId} knows nobody by ${named}.`,
        {
          path: '--contact',
          value: contact.includes('@') ? '***@***' : contact.slice(0, 60),
        },
      )
    }
    found.forEach((id) => ids.add(id))
  }
  return [...ids]
}

async function find(
  db: Queryable,
  connectionId: string,
  contact: string,
): Promise<readonly number[]> {
  if (contact.includes('@')) {
    const address = addressOrText(contact)
    const found = await findAddresses(db, connectionId, address === null ? [] : [address])
    return [...found.values()]
  }
  const inEmarketeer = await addressesOfEmarketeerContacts(db, connectionId, [contact])
  // Dataverse's ids are lower case however they were copied.
  const inCrm = await addressesOfCrmContacts(db, connectionId, [contact, contact.toLowerCase()])
  return [...inEmarketeer, ...inCrm]
}
