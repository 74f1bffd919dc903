import type { CrmContact } from '../../crm.js'
import type { Person } from './person.js'
import type { Consents } from './read-consents.js'
import { UNREADABLE } from './consent-row.js'

/**
 * Converts a person, which belongs to its primary address (rule C5). If the addresses are hidden, its consents say
 * nothing about any address; if only the primary one is unclear, they are unknown at each and nothing is written.
 */
export function toContact(person: Person, consents: Consents): CrmContact {
  const isReadable = !person.addressesUnreadable
  const [email = null, ...otherEmails] = isReadable ? person.addresses : []
  return {
    contactId: String(person.personId),
    email,
    ...(isReadable ? {} : { emailUnreadable: true }),
    otherEmails,
    denyOnlyEmails: [],
    state: 'live',
    mergedInto: null,
    registeredAtMs: person.registeredAtMs,
    consents:
      isReadable && !person.primaryUnclear
        ? consents
        : { storeAndProcess: UNREADABLE, marketingSendouts: UNREADABLE },
  }
}
